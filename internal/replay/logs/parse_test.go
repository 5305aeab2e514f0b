package logs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"warder.example/internal/replay/logs"
)

// line sums up a record: who says what, and the figures.
func line(r *logs.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s|%s|", r.App, r.Model)
	if !r.Time.IsZero() {
		b.WriteString(r.Time.Format(time.DateTime))
	}
	fmt.Fprintf(&b, "|%d/%d|", r.InputTokens, r.OutputTokens)
	if r.Priced {
		fmt.Fprintf(&b, "%g", r.Cost)
	}
	for i, side := range [][]logs.Text{r.Request, r.Answer} {
		b.WriteString([]string{" >", " <"}[i])
		for _, t := range side {
			fmt.Fprintf(&b, " %s.%d(%s)", t.Origin, t.Message, t.Content)
			if t.Kind != 0 {
				b.WriteString("#" + t.Kind.String())
			}
		}
	}
	if r.Whole {
		b.WriteString(" whole")
	}
	return b.String()
}

// TestFormats: what each logger writes, in the shapes that its documentation has.
func TestFormats(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"openai bodies", `{"timestamp":"2026-11-01T10:00:00Z","application":"mill","request":{"model":"m","messages":[{"role":"system","content":"Be kind."},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]},"response":{"model":"m-2","choices":[{"message":{"role":"assistant","content":"c"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}}`,
			"mill|m|2026-11-01 10:00:00|3/1| > operator.0(Be kind.) user.1(a\nb) < model.0(c)"},
		{"openai bodies as text", `{"request":"{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}","response":"{\"choices\":[{\"text\":\"c\"}]}"}`,
			"|||0/0| > user.0(a) < model.0(c)"},
		{"messages alone", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`, "|||0/0| > user.0(a) model.1(b) < whole"},
		{"a list of messages", `[{"role":"user","content":"a"}]`, "|||0/0| > user.0(a) <"},
		{"stored completion", `{"object":"list","data":[{"object":"chat.completion","created":1793613600,"model":"m","metadata":{"app":"x"},"input_messages":[{"role":"user","content":"a"}],"choices":[{"message":{"role":"assistant","content":"b"}}]}]}`,
			"x|m|2026-11-02 10:00:00|0/0| > user.0(a) < model.0(b)"},
		{"batch output", `{"id":"b","custom_id":"1","response":{"status_code":200,"body":{"model":"m","created":1793613600,"choices":[{"message":{"role":"assistant","content":"b"}}]}},"error":null}`,
			"|m|2026-11-02 10:00:00|0/0| > < model.0(b)"},
		{"batch input", `{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"a"}]}}`, "|m||0/0| > user.0(a) <"},
		{"tools", `{"request":{"tools":[{"type":"function","function":{"name":"f","description":"Looks up."}}],"messages":[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"q\":1}"}}]},{"role":"tool","tool_call_id":"1","content":"found"}]}}`,
			"|||0/0| > operator.-1(Looks up.) model.0({\"q\":1})#tool_arguments model.0(f)#name tool.1(found) <"},
		{"responses", `{"request":{"model":"m","instructions":"Be kind.","input":[{"type":"function_call_output","call_id":"1","output":"found"},{"role":"user","content":"a"}]},"response":{"output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]}],"usage":{"input_tokens":2,"output_tokens":1}}}`,
			"|m||2/1| > operator.-1(Be kind.) tool.0(found) user.1(a) < model.0(b)"},
		{"anthropic", `{"request":{"model":"c","system":"Be kind.","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"found"},{"type":"text","text":"a"}]}]},"response":{"role":"assistant","content":[{"type":"text","text":"b"}]}}`,
			"|c||0/0| > operator.-1(Be kind.) tool.0(found) user.0(a) < model.0(b)"},
		{"gemini", `{"request":{"model":"g","systemInstruction":{"parts":[{"text":"Be kind."}]},"contents":[{"role":"user","parts":[{"text":"a"}]}]},"response":{"candidates":[{"content":{"role":"model","parts":[{"text":"b"}]}}],"usageMetadata":{"promptTokenCount":3,"toolUsePromptTokenCount":2,"candidatesTokenCount":4,"thoughtsTokenCount":5,"totalTokenCount":14},"modelVersion":"g-1"}}`,
			"|g||5/9| > operator.-1(Be kind.) user.0(a) < model.0(b)"},
		{"gemini response alone", `{"candidates":[{"content":{"role":"model","parts":[{"text":"b"}]}}],"usage_metadata":{"prompt_token_count":3,"candidates_token_count":4},"modelVersion":"g-1"}`,
			"|g-1||3/4| > < model.0(b)"},
		{"stream", `{"messages":[{"role":"user","content":"a"}],"response":"data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"c\"}}]}\n\ndata: [DONE]\n"}`,
			"|||0/0| > user.0(a) < model.0(bc)"},
		{"unknown members are text", `{"messages":[{"role":"user","content":"a","note":"n"},{"role":"wizard","content":"w"}]}`, "|||0/0| > user.0(n) user.0(a) unknown.1(w) <"},
		{"litellm", `{"id":"1","call_type":"acompletion","response_cost":0.5,"prompt_tokens":2,"completion_tokens":1,"startTime":1793613600.25,"model":"gpt","model_group":"fast","metadata":{"user_api_key_alias":"shop"},"end_user":"u","messages":[{"role":"user","content":"a"}],"response":{"choices":[{"message":{"role":"assistant","content":"b"}}]}}`,
			"shop|fast|2026-11-02 10:00:00|2/1|0.5 > user.0(a) < model.0(b)"},
		{"litellm wrapped", `{"standard_logging_object":{"call_type":"completion","total_tokens":7,"model":"gpt","metadata":{"user_api_key_team_alias":"team"},"messages":"hello","response":"there"}}`,
			"team|gpt||7/0| > user.0(hello) < model.0(there)"},
		{"litellm spend log", `{"request_id":"1","call_type":"acompletion","spend":0.25,"startTime":"2026-11-02 10:00:00.5","model":"gpt","messages":"[{\"role\":\"user\",\"content\":\"a\"}]","response":"{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"b\"}}]}","metadata":"{\"user_api_key_alias\":\"k\"}"}`,
			"k|gpt|2026-11-02 10:00:00|0/0|0.25 > user.0(a) < model.0(b)"},
		{"litellm spend log with the request", `{"request_id":"1","call_type":"acompletion","messages":{},"proxy_server_request":{"model":"gpt","messages":[{"role":"user","content":"a"}]},"response":{}}`, "|||0/0| > user.0(a) <"},
		{"langfuse", `{"id":"o","traceId":"t","type":"GENERATION","name":"answer","startTime":"2026-11-02T10:00:00.000Z","model":"m","input":[{"role":"system","content":"s"},{"role":"user","content":"a"}],"output":{"role":"assistant","content":"b"},"usage":{"input":2,"output":1},"calculatedTotalCost":"0.5"}`,
			"answer|m|2026-11-02 10:00:00|2/1|0.5 > operator.0(s) user.1(a) < model.0(b)"},
		{"langfuse export", `{"id":"o","trace_id":"t","type":"GENERATION","name":"llm","trace_name":"desk","start_time":"2026-11-02 10:00:00.000000","provided_model_name":"m","input":"{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}","output":"b","usage_details":{"input":2,"output":1},"total_cost":0.5,"user_id":"u"}`,
			"desk|m|2026-11-02 10:00:00|2/1|0.5 > user.0(a) < model.0(b)"},
		{"langfuse trace", `{"id":"t","name":"desk","observations":[{"id":"o","traceId":"t","type":"GENERATION","input":"a","output":"b"}]}`, "desk|||0/0| > user.0(a) < model.0(b)"},
		{"otel", `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"desk"}}]},"scopeSpans":[{"spans":[{"startTimeUnixNano":"1793613600000000000","attributes":[{"key":"gen_ai.request.model","value":{"stringValue":"m"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"2"}},{"key":"gen_ai.system_instructions","value":{"stringValue":"[{\"type\":\"text\",\"content\":\"s\"}]"}},{"key":"gen_ai.input.messages","value":{"stringValue":"[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"a\"}]},{\"role\":\"tool\",\"parts\":[{\"type\":\"tool_call_response\",\"id\":\"1\",\"response\":\"found\"}]}]"}},{"key":"gen_ai.output.messages","value":{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"role","value":{"stringValue":"assistant"}},{"key":"parts","value":{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"type","value":{"stringValue":"text"}},{"key":"content","value":{"stringValue":"b"}}]}}]}}}]}}]}}}]}]}]}]}`,
			"desk|m|2026-11-02 10:00:00|2/0| > operator.-1(s) user.0(a) tool.1(found) < model.0(b)"},
		{"otel older events", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"gen_ai.system","value":{"stringValue":"openai"}}],"events":[{"name":"gen_ai.content.prompt","attributes":[{"key":"gen_ai.prompt","value":{"stringValue":"[{\"role\":\"user\",\"content\":\"a\"}]"}}]},{"name":"gen_ai.content.completion","attributes":[{"key":"gen_ai.completion","value":{"stringValue":"[{\"role\":\"assistant\",\"content\":\"b\"}]"}}]}]}]}]}]}`,
			"|||0/0| > user.0(a) < model.0(b)"},
		{"otel messages as events", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"gen_ai.system","value":{"stringValue":"openai"}}],"events":[{"name":"gen_ai.system.message","attributes":[{"key":"content","value":{"stringValue":"s"}}]},{"name":"gen_ai.user.message","attributes":[{"key":"content","value":{"stringValue":"a"}}]},{"name":"gen_ai.choice","attributes":[{"key":"message","value":{"stringValue":"{\"role\":\"assistant\",\"content\":\"b\"}"}}]}]}]}]}]}`,
			"|||0/0| > operator.0(s) user.1(a) < model.2(b)"},
		{"otel indexed", `{"name":"chat","start_time":"2026-11-02T10:00:00Z","attributes":{"gen_ai.prompt.0.role":"user","gen_ai.prompt.0.content":"a","gen_ai.completion.0.content":"b","gen_ai.response.model":"m","gen_ai.usage.prompt_tokens":2}}`,
			"|m|2026-11-02 10:00:00|2/0| > user.0(a) < model.0(b)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := logs.Parse([]byte(c.in), logs.Auto)
			if err != nil || len(p.Records) != 1 {
				t.Fatalf("%d records, %v, left %v; expected one", len(p.Records), err, p.Left)
			}
			if got := line(&p.Records[0]); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestUnreadable: what cannot be read has a reason, which does not quote it.
func TestUnreadable(t *testing.T) {
	for _, c := range []struct{ name, in, reason string }{
		{"no JSON", `hello`, logs.NotJSON},
		{"two values", `{"messages":[]} {"messages":[]}`, logs.NotJSON},
		{"cut off", `{"messages":[{"role":"user"`, logs.NotJSON},
		{"not UTF-8", "{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", logs.NotUTF8},
		{"deep", strings.Repeat("[", 100000), logs.TooDeep},
		{"a number", `12`, logs.WrongType},
		{"something else", `{"level":"info","msg":"started"}`, logs.UnknownFormat},
		{"lists of lists", `[[[[[[1]]]]]]`, logs.UnknownFormat},
		{"texts without end", `{"messages":[` + strings.Repeat(`{"role":"user","content":"a"},`, logs.MaxTexts) + `{"role":"user","content":"a"}]}`, logs.TooManyTexts},
		{"records without end", `[` + strings.Repeat(`{"messages":[{"role":"user","content":"a"}]},`, logs.MaxRecords) + `{"prompt":"a"}]`, logs.TooMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := logs.Parse([]byte(c.in), logs.Auto)
			var u *logs.Unreadable
			if !errors.As(err, &u) || u.Reason != c.reason {
				t.Errorf("%v; expected reason %s", err, c.reason)
			}
		})
	}
}

// TestLeftOut: what is read and holds no call is counted, not lost.
func TestLeftOut(t *testing.T) {
	for in, why := range map[string]string{
		`{"id":"o","traceId":"t","type":"SPAN","input":"x"}`:             logs.NotGeneration,
		`{"id":"t","name":"n","input":"x","output":"y","sessionId":"s"}`: logs.TraceOnly,
		`{"id":"t","observations":["o1"]}`:                               logs.TraceOnly,
		`{"call_type":"acompletion","messages":[{"role":"user","content":"redacted-by-litellm"}],"response":{"text":"redacted-by-litellm"}}`: logs.NoTexts,
		`{"call_type":"aembedding","messages":"x","response":"y"}`:                                                                           logs.NoTexts,
		`{"messages":[],"response":{"error":{"code":429}}}`:                                                                                  logs.NoTexts,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"GET /","attributes":[]}]}]}]}`:                                                  logs.NotGeneration,
	} {
		p, err := logs.Parse([]byte(in), logs.Auto)
		if err != nil || len(p.Records) != 0 || p.Left[why] != 1 {
			t.Errorf("%s: %d records, left %v, %v; expected %s", in, len(p.Records), p.Left, err, why)
		}
	}
}

// TestWrongTypes: members of other types than expected neither panic nor hide texts.
func TestWrongTypes(t *testing.T) {
	for _, in := range []string{
		`{"messages":{"role":"user","content":"find me"},"response":7,"model":9,"metadata":[],"usage":"x","timestamp":{}}`,
		`{"messages":[["find me"],3,null],"response":[1,{"choices":4}]}`,
		`{"call_type":[],"messages":[{"role":5,"content":{"deep":["find me"]}}],"response_cost":"NaN","startTime":"never"}`,
		`{"traceId":1,"type":"GENERATION","input":{"messages":"find me"},"output":[[]],"usage":[],"costDetails":3}`,
		`{"attributes":{"gen_ai.input.messages":[7,"find me"]},"events":{"name":3}}`,
	} {
		p, err := logs.Parse([]byte(in), logs.Auto)
		if err != nil || len(p.Records) != 1 || !strings.Contains(line(&p.Records[0]), "find me") {
			t.Errorf("%s: %+v, %v", in, p, err)
		}
	}
}

// TestNames: names are cut, figures that nobody can believe are not.
func TestNames(t *testing.T) {
	p, err := logs.Parse([]byte(`{"model":"`+strings.Repeat("é", 100)+`","cost":-1,"timestamp":"0001-01-01T00:00:00Z","usage":{"prompt_tokens":1e300},"messages":[{"role":"user","content":"a"}]}`), logs.Auto)
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Records[0]; r.Model != strings.Repeat("é", 64) || r.Priced || !r.Time.IsZero() || r.InputTokens != 0 {
		t.Errorf("%q, %v, %v, %d", r.Model, r.Priced, r.Time, r.InputTokens)
	}
}

// FuzzParse: whatever a log holds, reading it ends, within the bounds, in records of
// valid text or a reason.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"messages":[{"role":"user","content":"a"}]}`, `{"call_type":"a","response":{"choices":[]}}`, `{"observations":[{}]}`, `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"gen_ai.x","value":{"arrayValue":{"values":[1]}}}]}]}]}]}`, `[[{"data":[]}]]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, format := range []logs.Format{logs.Auto, logs.OpenAI, logs.LiteLLM, logs.Langfuse, logs.OTel} {
			p, err := logs.Parse(b, format)
			if err != nil && !errors.As(err, new(*logs.Unreadable)) {
				t.Fatalf("%s: %v has no reason", format, err)
			}
			for i, r := range p.Records {
				if r.Index != i || len(r.Request)+len(r.Answer) == 0 || len(r.Request)+len(r.Answer) > logs.MaxTexts || len(r.App) > logs.MaxName {
					t.Fatalf("%s: record %+v", format, r)
				}
				for _, x := range append(r.Request, r.Answer...) {
					if x.Content == "" || strings.ToValidUTF8(x.Content, "") != x.Content {
						t.Fatalf("%s: text %q", format, x.Content)
					}
				}
			}
		}
	})
}
