// Package detect holds Warder's detectors, one recogniser a file, with their
// vectors beside them in testdata.
//
// [Standard] builds the set that the gateway runs. Each detector is also usable
// alone through its constructor.
//
// # Exact detectors
//
// An exact detector is written as a finder (see scan.go): a function that looks
// for the next match in a text of which more may come. The framework turns it
// into a [guard.Scanner] for streams and into Detect for whole texts, so that
// the two cannot differ. What a finder holds back is only a live partial match,
// never a fixed window. On views (decoded stretches, hidden text) the same
// finder runs and reports with class [guard.Windowed].
//
// # Windowed detectors
//
// Classifiers and whatever must see a whole value implement [guard.Detector]
// alone and say so in their comment.
//
// # Work
//
// No detector looks at a clock. The work of each is bounded by the length of
// the text times a constant that its benchmarks measure, on hostile inputs too.
package detect
