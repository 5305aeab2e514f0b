package target

import (
	"fmt"
	"time"
)

// closePatience is how long a program that sees the end of its input may take to leave.
const closePatience = 2 * time.Second

// Guards of kind warder, as [Open] and [File.Behind] name them.
const (
	GuardOff     = "off"
	GuardObserve = "observe"
	GuardBlock   = "block"
)

// Behind returns the guards under which the target can be reached, none where it is
// not behind Warder.
func (f *File) Behind() []string {
	var out []string
	for _, name := range []string{GuardOff, GuardObserve, GuardBlock} {
		if g := f.guard(name); g != nil {
			out = append(out, name)
		}
	}
	return out
}

// guard returns a guard of the file, nil if it has none.
func (f *File) guard(name string) *Guard {
	g := map[string]*Guard{GuardOff: &f.Guards.Off, GuardObserve: &f.Guards.Observe, GuardBlock: &f.Guards.Block}[name]
	if g == nil || g.Key.IsZero() {
		return nil
	}
	return g
}

// Open returns the target that a loaded file describes. guard is one of [File.Behind],
// empty where there is none. Nothing is connected to and no program started yet.
func Open(f *File, guard string) (Target, error) {
	g := f.guard(guard)
	if (guard != "" || f.Kind == KindWarder) && g == nil {
		return nil, fmt.Errorf("target %q is not reached with its guard %.40q; expected one of %q", f.Name, guard, f.Behind())
	}
	switch f.Kind {
	case KindOpenAI, KindAnthropic, KindGemini, KindWarder:
		return newModel(f, g)
	case KindHTTP:
		return newApplication(f)
	case KindCommand:
		return newProgram(f)
	case KindMCP:
		return newMCP(f)
	case KindPractice:
		return practiceTarget{f}, nil
	}
	return nil, fmt.Errorf("target %q has the kind %.40q, which is not known", f.Name, f.Kind)
}
