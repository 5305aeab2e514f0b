package main

import (
	"fmt"
	"maps"
	"slices"

	"warder.example/internal/evaluate"
	"warder.example/internal/evaluate/disturb"
)

// knowFloors refuses a floor on a figure that cannot be, before the work.
func (c *evalCmd) knowFloors(guards []evaluate.Guard, ways []disturb.Way) error {
	var names []string
	for _, g := range guards {
		names = append(names, g.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Floor)) {
		if !evaluate.KnownFigure(name, names, ways) {
			return hinted{fmt.Errorf("unknown figure %.60q; expected one such as auc, recall@0.01, specificity@0.001 or worst@0.001", name), "warder eval --help lists the figures"}
		}
	}
	return nil
}

// checkFloors returns exit status 1 below a floor. A figure of a source,
// language, channel or length that the corpus does not have is an error.
func (c *evalCmd) checkFloors(e *env, figures map[string]float64) error {
	below := false
	for _, name := range slices.Sorted(maps.Keys(c.Floor)) {
		v, ok := figures[name]
		if !ok {
			return fmt.Errorf("no figure %.120q: the report has no such line of that kind", name)
		}
		if !(v >= c.Floor[name]) {
			fmt.Fprintf(e.stderr, "warder: %s is %.4f, below the floor of %.4f\n", name, v, c.Floor[name])
			below = true
		}
	}
	if below {
		return exitStatus(1)
	}
	return nil
}
