//go:build unix

package ledger_test

import (
	"context"
	"path/filepath"
	"testing"

	"warder.example/internal/event"
	"warder.example/internal/ledger"
)

// handwritten is a payload as the gateway's: it writes its own JSON.
type handwritten struct{}

func (handwritten) AppendJSON(dst []byte) ([]byte, error) {
	return append(dst, `{"model":"small","stream":true,"texts":12,"bytes":3456,"action":"allow","findings":0,"policy":"default","digest":"sha256:0011223344556677"}`...), nil
}

func BenchmarkAppend(b *testing.B) {
	ev := event.Event{Kind: ledger.KindOpened, Application: "shop", Request: "req-0123456789abcdef", Subject: "00112233445566778899aabbccddeeff", Payload: handwritten{}}
	for _, mode := range []ledger.Sync{ledger.SyncGroup, ledger.SyncEach, ledger.SyncOS} {
		for _, parallel := range []int{1, 16, 128} {
			b.Run(mode.String()+"/"+map[int]string{1: "one", 16: "16", 128: "128"}[parallel], func(b *testing.B) {
				l, err := ledger.Open(filepath.Join(b.TempDir(), "ledger"), ledger.Options{Sync: mode})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				cpu := processCPU()
				if parallel == 1 {
					for b.Loop() {
						if _, err := l.Append(context.Background(), ev); err != nil {
							b.Fatal(err)
						}
					}
				} else {
					b.SetParallelism(parallel / 2)
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if _, err := l.Append(context.Background(), ev); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				b.StopTimer()
				b.ReportMetric(float64(processCPU()-cpu)/float64(b.N), "cpu-ns/op")
				if s := l.Stats(); mode != ledger.SyncOS {
					b.ReportMetric(float64(s.Records)/float64(s.Syncs), "records/sync")
				}
				if err := l.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "ledger")
	l, err := ledger.Open(dir, ledger.Options{Sync: ledger.SyncOS})
	if err != nil {
		b.Fatal(err)
	}
	const n = 20_000
	for i := range n {
		ev := opened(i / 2)
		if i%2 == 1 {
			ev = closed(i / 2)
		}
		if _, err := l.Append(context.Background(), ev); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := ledger.Verify(dir, ledger.VerifyOptions{})
		if err != nil || !r.Intact {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}
