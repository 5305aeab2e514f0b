package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"warder.example/internal/config"
	"warder.example/internal/egress"
)

const (
	exportTime  = 10 * time.Second // of one export
	maxResponse = 64 << 10         // bytes read of a collector's answer
)

// collector is the configured endpoint.
type collector struct {
	base     *url.URL
	headers  map[string]config.Secret
	client   *http.Client
	resource *resource.Resource
	scope    *common.InstrumentationScope
	exports  *prometheus.CounterVec // signal, result
	failing  atomic.Bool            // the last export failed
	log      *slog.Logger
}

func newCollector(cfg config.Telemetry, version string, exports *prometheus.CounterVec, log *slog.Logger) (*collector, error) {
	base := cfg.Base()
	if base == nil {
		return nil, errors.New("unusable endpoint; expected http(s)://host[:port][/path]")
	}
	roots, err := cfg.Roots()
	if err != nil {
		return nil, err
	}
	c := &collector{base: base, headers: cfg.Headers, exports: exports, log: log, scope: &common.InstrumentationScope{Name: scopeName, Version: version}}
	c.resource = &resource.Resource{Attributes: []*common.KeyValue{text(string(keyServiceName), "warder"), text(string(keyServiceVer), version)}}
	for k, v := range cfg.Resource {
		c.set(k, v)
	}
	c.client = &http.Client{
		Timeout:       exportTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // an environment variable must not redirect traffic
			DialContext:            egress.For(base, cfg.AllowPrivate).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout:    exportTime,
			ForceAttemptHTTP2:      true,
			MaxConnsPerHost:        2, // one a signal
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
	return c, nil
}

// set sets an attribute of the resource.
func (c *collector) set(k, v string) {
	for _, a := range c.resource.Attributes {
		if a.Key == k {
			a.Value = text(k, v).Value
			return
		}
	}
	c.resource.Attributes = append(c.resource.Attributes, text(k, v))
}

// errRetry is wrapped when the same export may succeed later (OTLP 1.9, "Failures").
var errRetry = errors.New("the collector is not there or asks to try again")

// export sends one message to the path of a signal and counts the result.
func (c *collector) export(ctx context.Context, signal string, m proto.Message) error {
	err := c.post(ctx, "/v1/"+signal, m)
	result := "sent"
	if err != nil {
		result = "failed"
	}
	c.exports.WithLabelValues(signal, result).Inc()
	if was := c.failing.Swap(err != nil); err != nil && !was {
		c.log.Warn("the OpenTelemetry collector does not take what is sent; requests are not affected", "signal", signal, "cause", err)
	} else if err == nil && was {
		c.log.Info("the OpenTelemetry collector takes what is sent again", "signal", signal)
	}
	return err
}

func (c *collector) post(ctx context.Context, path string, m proto.Message) error {
	body, err := packed(m)
	if err != nil {
		return err
	}
	to := *c.base
	to.Path = strings.TrimSuffix(to.Path, "/") + path
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	for k, v := range c.headers {
		req.Header.Set(k, v.Reveal())
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("User-Agent", "warder")
	res, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", errRetry, err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, maxResponse) // what it says is not looked at
	switch res.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fmt.Errorf("%w: status %d", errRetry, res.StatusCode)
	}
	return fmt.Errorf("status %d; expected 200", res.StatusCode)
}

// packed is a message as it is sent.
func packed(m proto.Message) ([]byte, error) {
	raw, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err = z.Write(raw)
	err = errors.Join(err, z.Close())
	return b.Bytes(), err
}

// text is an attribute with a text.
func text(k, v string) *common.KeyValue {
	return &common.KeyValue{Key: k, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: strings.ToValidUTF8(v, "\uFFFD")}}}
}
