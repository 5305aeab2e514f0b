package main

import (
	"fmt"
	"strconv"
	"strings"
)

// share is a part of a whole, 0 to 1, given so or as a percentage.
type share float64

// UnmarshalText reads 0.05 or 5%.
func (s *share) UnmarshalText(b []byte) error {
	number, percent := strings.CutSuffix(string(b), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) { // also not NaN
		return fmt.Errorf("%.40q is no share; expected 0 to 1, or 0%% to 100%%", b)
	}
	*s = share(v)
	return nil
}
