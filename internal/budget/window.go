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
// Days and months begin at midnight of the zone, the first of two, or where the clocks
// skip it with the first moment of the day; each of two hours of one name is an hour.
func (w Window) Around(t time.Time) (start, end time.Time) {
	switch w {
	case Month:
		start, end = firstMoment(t.Year(), t.Month(), 1, t.Location()), firstMoment(t.Year(), t.Month()+1, 1, t.Location())
	case Day:
		start, end = firstMoment(t.Year(), t.Month(), t.Day(), t.Location()), firstMoment(t.Year(), t.Month(), t.Day()+1, t.Location())
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

// firstMoment returns the first moment of a day, or of the next one where a zone left
// the day out. [time.Date] alone gives any of two midnights, and for one that is skipped
// a moment of the day before or after it.
func firstMoment(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	begin, end := t.ZoneBounds()
	const far = 24 * time.Hour
	if (begin.IsZero() || t.Sub(begin) > far) && (end.IsZero() || end.Sub(t) > far) {
		return t // no change of the clocks is near
	}
	asked, got := time.Date(year, month, day, 0, 0, 0, 0, time.UTC), time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	switch {
	case got.Before(asked): // skipped when the clocks are changed next
		return end
	case got.After(asked): // skipped when they were changed last
		return begin
	case !begin.IsZero():
		_, before := begin.Add(-1).Zone()
		_, after := t.Zone()
		if first := t.Add(time.Duration(after-before) * time.Second); first.Before(begin) && before > after {
			return first
		}
	}
	return t
}
