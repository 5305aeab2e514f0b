package learn

import "math"

// point is one observation of a calibration: a raw score, and whether it is a
// case.
type point struct {
	x      float64
	y      bool
	weight float64
}

const ridge = 1e-3

// fitLogit fits the weighted logistic regression of y on x (Platt, "Probabilistic
// outputs for support vector machines", 1999) by Newton's method and returns the
// coefficient, zero if it would be negative, and the intercept. A small ridge
// keeps it finite when classes separate.
func fitLogit(ps []point) (coef, intercept float64) {
	coef, intercept = newton(ps, true)
	if coef < 0 {
		_, intercept = newton(ps, false)
		return 0, intercept
	}
	return coef, intercept
}

func newton(ps []point, slope bool) (a, b float64) {
	for range 50 {
		ga, gb := ridge*a, ridge*b
		haa, hab, hbb := ridge, 0.0, ridge
		for k := range ps {
			x := ps[k].x
			if !slope {
				x = 0
			}
			p := 1 / (1 + math.Exp(-float64(float64(a*x)+b)))
			d := p
			if ps[k].y {
				d = p - 1
			}
			v := ps[k].weight * max(p*(1-p), 1e-4)
			ga += float64(ps[k].weight * d * x)
			gb += float64(ps[k].weight * d)
			vx := float64(v * x)
			haa += float64(vx * x)
			hab += vx
			hbb += v
		}
		det := float64(haa*hbb) - float64(hab*hab)
		da := (float64(hbb*ga) - float64(hab*gb)) / det
		db := (float64(haa*gb) - float64(hab*ga)) / det
		da, db = max(-2, min(2, da)), max(-2, min(2, db))
		a, b = a-da, b-db
		if math.Abs(da)+math.Abs(db) < 1e-9 {
			break
		}
	}
	return a, b
}
