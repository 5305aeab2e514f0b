package gateway

import (
	"errors"
	"io"
	"net"
	"time"
)

// A caller that is refused while it still sends must be able to read why. Many
// send all of a body before they read; and a connection that is closed while bytes
// arrive is reset, which takes the answer from them. So the sending side is ended
// first, and what arrives is read and dropped for a while. No request holds a place
// meanwhile: the handler has returned.

// Bounds of reading on. The times are those of nginx (lingering_timeout,
// lingering_time).
const (
	lingerIdle  = 5 * time.Second  // without a byte
	lingerTotal = 30 * time.Second // in all
	lingerMore  = 256 << 10        // bytes beyond twice the largest body that is taken
)

// CloseWrite ends the sending side, and reads on unless the connection was refused
// before any handler, which has read on itself. net/http calls it from the goroutine
// that serves the connection, before it closes one on which a body was left unread.
func (c *callerConn) CloseWrite() error {
	w, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	err := w.CloseWrite()
	if err == nil && !c.refused {
		most := 2*int64(c.server.state.Load().cfg.Limits.Body) + lingerMore
		_, _ = io.CopyN(io.Discard, &lingering{c.server, c.Conn, time.Now().Add(lingerTotal)}, most)
	}
	return err
}

// lingering reads what a caller still sends until it stops, the time is over, or
// the server drains.
type lingering struct {
	server *Server
	conn   net.Conn
	end    time.Time
}

func (l *lingering) Read(p []byte) (int, error) {
	if l.server.draining.Load() {
		return 0, io.EOF
	}
	next := time.Now().Add(lingerIdle)
	if next.After(l.end) {
		next = l.end
	}
	if err := l.conn.SetReadDeadline(next); err != nil {
		return 0, err
	}
	return l.conn.Read(p)
}
