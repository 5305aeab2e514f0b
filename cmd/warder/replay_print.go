package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"warder.example/internal/replay"
)

// mostRows is how many rows of a table a terminal is shown; pages and JSON have all.
const mostRows = 20

// printReplay writes a report for people. Names come from the logs: tables escape
// them.
func printReplay(w io.Writer, r *replay.Report) error {
	t := &r.Total
	fmt.Fprintf(w, "%d requests, %d answers: %d would be blocked (%s), %d redacted, %d flagged\n", r.Requests, r.Answers, t.Blocked, shareOf(t.Blocked, r.Requests), t.Redacted, t.Flagged)
	fmt.Fprintf(w, "policy %s %s\n", visible(r.Policy), r.Digest)
	if r.Carried > 0 {
		fmt.Fprintf(w, "%d turns of the past would have been refused when they were new\n", r.Carried)
	}
	rows := [][]string{{"ACTION", "RULE", "CATEGORY", "SIDE", "DETECTOR", "REQUESTS", "DECIDED"}}
	for _, x := range r.Reasons {
		rows = append(rows, []string{x.Action, x.Rule, x.Category, x.Side, x.Detector, strconv.Itoa(x.Requests), strconv.Itoa(x.Decided)})
	}
	days := [][]string{{"DAY", "REQUESTS", "BLOCKED", "REDACTED", "FLAGGED"}}
	for _, d := range r.Days {
		days = append(days, append([]string{d.Day}, countCells(&d.Counts)...))
	}
	groups := [][]string{{"APPLICATION", "MODEL", "REQUESTS", "BLOCKED", "REDACTED", "FLAGGED", "TOKENS", "COST"}}
	for _, g := range r.Groups {
		cost := "-"
		if g.Priced > 0 {
			cost = strconv.FormatFloat(g.Cost, 'f', 4, 64)
		}
		groups = append(groups, append(append([]string{orDash(g.App), orDash(g.Model)}, countCells(&g.Counts)...), strconv.FormatInt(g.InputTokens+g.OutputTokens, 10), cost))
	}
	leaks := [][]string{{"LEFT ALREADY", "WHERE", "FOUND", "REQUESTS"}}
	for _, l := range r.Leaks {
		leaks = append(leaks, []string{l.Category, l.Where, strconv.Itoa(l.Findings), strconv.Itoa(l.Requests)})
	}
	for _, table := range [][][]string{rows, days, groups, leaks, comparedRows(r), lostRows(r)} {
		if err := printSome(w, table); err != nil {
			return err
		}
	}
	printExcerpts(w, r)
	_, err := fmt.Fprintf(w, "\n%s\n%s\n", falseBlocks(&r.FalseBlocks), "proposed: "+strings.Join(r.Because, "; "))
	return err
}

// printSome prints a table, cut to mostRows; one without rows is left out.
func printSome(w io.Writer, rows [][]string) error {
	if len(rows) < 2 {
		return nil
	}
	fmt.Fprintln(w)
	more := len(rows) - 1 - mostRows
	if err := printTable(w, rows[:min(len(rows), 1+mostRows)]); err != nil || more <= 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "and %d more, which --json and --html have\n", more)
	return err
}

func countCells(c *replay.Counts) []string {
	return []string{strconv.Itoa(c.Requests), strconv.Itoa(c.Blocked), strconv.Itoa(c.Redacted), strconv.Itoa(c.Flagged)}
}

func comparedRows(r *replay.Report) [][]string {
	if r.Comparison == nil {
		return nil
	}
	rows := [][]string{{"WITH " + r.Comparison.Policy, "REQUESTS"}, {"something else happens", strconv.Itoa(r.Comparison.Requests)}}
	for _, n := range r.Comparison.Changed {
		rows = append(rows, []string{n.Name, strconv.Itoa(n.Count)})
	}
	for _, n := range r.Comparison.Rules {
		rows = append(rows, []string{"rule " + n.Name, strconv.Itoa(n.Count)})
	}
	return rows
}

// lostRows lists what was not judged.
func lostRows(r *replay.Report) [][]string {
	rows := [][]string{{"NOT JUDGED", "LINES", "FIRST IN"}}
	for _, u := range r.Unreadable {
		rows = append(rows, []string{"cannot be read: " + u.Reason, strconv.Itoa(u.Count), fmt.Sprintf("%s:%d", u.Where[0].File, u.Where[0].Line)})
	}
	for _, n := range r.LeftOut {
		rows = append(rows, []string{"holds no call: " + n.Name, strconv.Itoa(n.Count), "-"})
	}
	return rows
}

func printExcerpts(w io.Writer, r *replay.Report) {
	for _, x := range r.Reasons {
		for _, s := range x.Excerpts {
			fmt.Fprintf(w, "\n%s by %s, %s: %s\n", x.Action, x.Rule, x.Category, safe(s))
		}
	}
}

// falseBlocks says what is known of honest requests that would be stopped.
func falseBlocks(e *replay.Estimate) string {
	switch l := e.Labelled; {
	case l != nil:
		return fmt.Sprintf("honest requests stopped: %.3g to %.3g a day, from %d labels of which %d honest (95 %%)", l.LowADay, l.HighADay, l.Labels, l.Honest)
	case e.Stopped == 0:
		return "honest requests stopped: none, nothing would have been"
	}
	return fmt.Sprintf("honest requests stopped: at most %.3g a day by the classifier alone (95 %%, see docs/replay.md), at most %.3g by recognisers; label a sample to know", e.ModelHigh, e.OtherHigh)
}

func shareOf(part, all int) string { return percent(float64(part) / float64(max(1, all))) }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
