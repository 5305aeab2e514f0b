package learn

import "math"

// point is one observation of a calibration: two raw scores, the logarithm of
// the number of segments, and whether it is a case.
type point struct {
	x      [3]float64
	y      bool
	weight float64
}

// fitLogit fits the weighted logistic regression of y on x by Newton's method
// (iteratively reweighted least squares) and returns the coefficients and the
// intercept. sign[i] is +1 where coefficient i must not be negative, -1 where it
// must not be positive: one that would be is left out (zero), and the rest
// fitted again. A small ridge keeps it finite when classes separate.
func fitLogit(ps []point, sign [3]float64) (coef [3]float64, intercept float64) {
	use := [3]bool{true, true, true}
	for {
		c := newton(ps, use)
		worst := -1
		for i := range 3 {
			if use[i] && c[i]*sign[i] < 0 && (worst < 0 || math.Abs(c[i]) > math.Abs(c[worst])) {
				worst = i
			}
		}
		if worst < 0 {
			return [3]float64(c[:3]), c[3]
		}
		use[worst] = false
	}
}

const ridge = 1e-3

func newton(ps []point, use [3]bool) (c [4]float64) {
	for range 50 {
		var grad [4]float64
		var hess [4][4]float64
		for i := range 4 {
			hess[i][i] = ridge
			grad[i] = ridge * c[i]
		}
		for k := range ps {
			x := [4]float64{0, 0, 0, 1}
			for i := range 3 {
				if use[i] {
					x[i] = ps[k].x[i]
				}
			}
			z := 0.0
			for i := range 4 {
				z += float64(c[i] * x[i])
			}
			p := 1 / (1 + math.Exp(-z))
			d := p
			if ps[k].y {
				d = p - 1
			}
			v := ps[k].weight * max(p*(1-p), 1e-4)
			for i := range 4 {
				grad[i] += float64(ps[k].weight * d * x[i])
				for j := range 4 {
					hess[i][j] += float64(v * x[i] * x[j])
				}
			}
		}
		step := solve(hess, grad)
		size := 0.0
		for i := range 4 {
			step[i] = max(-2, min(2, step[i]))
			c[i] -= step[i]
			size += math.Abs(step[i])
		}
		if size < 1e-9 {
			break
		}
	}
	return c
}

// solve returns a⁻¹b by Gaussian elimination; a is symmetric positive definite.
func solve(a [4][4]float64, b [4]float64) (x [4]float64) {
	for i := range 4 {
		for j := i + 1; j < 4; j++ {
			f := a[j][i] / a[i][i]
			for k := i; k < 4; k++ {
				a[j][k] -= float64(f * a[i][k])
			}
			b[j] -= float64(f * b[i])
		}
	}
	for i := 3; i >= 0; i-- {
		x[i] = b[i]
		for k := i + 1; k < 4; k++ {
			x[i] -= float64(a[i][k] * x[k])
		}
		x[i] /= a[i][i]
	}
	return x
}
