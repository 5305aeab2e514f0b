package budget

import "time"

// Window is a stretch of the calendar over which a limit counts.
type Window string

// The windows.
const (
	Minute Window = "minute"
	Hour   Window = "hour"
	Day    Window = "day"
	Month  Window = "month"
)

// Windows are all windows.
var Windows = []Window{Minute, Hour, Day, Month}

// Around returns the window around t in t's time zone, from start to before end.
// Days and months begin at midnight of the zone, or where the clocks skip it with
// the first moment of the day; each of two hours of one name is an hour.
func (w Window) Around(t time.Time) (start, end time.Time) {
	switch w {
	case Month:
		start = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
		end = time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, t.Location())
	case Day:
		start = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
		end = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
	default: // by elapsed time, so that no change of the clocks makes it longer
		size := time.Minute
		if w == Hour {
			size = time.Hour
		}
		_, offset := t.Zone()
		into := (time.Duration(t.Unix()+int64(offset))*time.Second + time.Duration(t.Nanosecond())) % size
		if into < 0 {
			into += size
		}
		start = t.Add(-into)
		end = start.Add(size)
	}
	return start, end
}
