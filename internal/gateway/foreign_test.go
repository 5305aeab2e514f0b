package gateway

import (
	"slices"
	"strings"
	"testing"
)

// TestValuesStayFromWhatNobodyReads: values come back into the arguments of tools that
// the caller defined, and never where the model may have read more than the texts of the
// request: a file, what the provider keeps, or what its own tools fetch.
func TestValuesStayFromWhatNobodyReads(t *testing.T) {
	const (
		args = `{"to":"{-}"}`
		pdf  = `JVBERi0xLjcKJeLjz9MK`
	)
	data := pdf + strings.Repeat("QUJD", 80)
	calls := map[string]string{
		"openai.chat":        callBody("send_mail", args),
		"openai.responses":   responseBody("completed", `{"id":"a","type":"function_call","arguments":`+quote(args)+`,"call_id":"c","name":"send_mail"}`),
		"anthropic.messages": strings.Replace(anthropicAnswer("x"), `{"type":"text","text":"x"}`, `{"type":"tool_use","id":"t","name":"send_mail","input":`+args+`}`, 1),
		"gemini.generate":    strings.Replace(geminiAnswer("x"), `{"text":"x"}`, `{"functionCall":{"name":"send_mail","args":`+args+`}}`, 1),
	}
	taps := map[string]*wiretap{"openai.chat": newWiretap(t, "", "none"), "anthropic.messages": newWiretap(t, "anthropic", "none"), "gemini.generate": newWiretap(t, "gemini", "none")}
	taps["openai.responses"] = taps["openai.chat"]
	chat := func(part string) func(string) string {
		return func(body string) string {
			return strings.Replace(body, `"messages":[`, `"messages":[{"role":"user","content":[`+part+`]},`, 1)
		}
	}
	// The text of the request is a string: its only brace is the last of the body.
	input := func(part string) func(string) string {
		return func(body string) string {
			head, text, _ := strings.Cut(body, `"input":`)
			return head + `"input":[{"role":"user","content":[` + part + `]},{"role":"user","content":` + strings.TrimSuffix(text, "}") + `}]}`
		}
	}
	contents := func(part string) func(string) string {
		return func(body string) string { return strings.Replace(body, `"parts":[`, `"parts":[`+part+`,`, 1) }
	}
	top := func(member string) func(string) string {
		return func(body string) string { return `{` + member + `,` + body[1:] }
	}
	for _, c := range []struct {
		protocol, name string
		back           bool
		with           func(body string) string
	}{
		{"openai.chat", "functions", true, top(`"tools":[{"type":"function","function":{"name":"send_mail","parameters":{}}},{"type":"custom","custom":{"name":"f"}}],"tool_choice":"auto","parallel_tool_calls":false,"web_search_options":null`)},
		{"openai.chat", "older functions", true, top(`"functions":[{"name":"send_mail","parameters":{}}],"function_call":"auto","temperature":0,"user":"u"`)},
		{"openai.chat", "file_data", false, chat(`{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,` + data + `"}}`)},
		{"openai.chat", "file_id", false, chat(`{"type":"file","file":{"file_id":"file_1"}}`)},
		{"openai.chat", "image by URL", false, chat(`{"type":"image_url","image_url":{"url":"https://kestrel.example/a.png"}}`)},
		{"openai.chat", "search", false, top(`"web_search_options":{}`)},
		{"openai.chat", "a tool of the server", false, top(`"tools":[{"type":"function","function":{"name":"send_mail"}},{"type":"openrouter:web_search"}]`)},
		{"openai.chat", "a tool of another dialect", false, top(`"tools":[{"googleSearch":{}}]`)},
		{"openai.chat", "a member that nobody knows", false, top(`"enable_search":true`)},
		{"openai.responses", "functions", true, top(`"tools":[{"type":"function","name":"send_mail","parameters":{}}],"instructions":"Be kind.","store":false`)},
		{"openai.responses", "file_data", false, input(`{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,` + data + `"}`)},
		{"openai.responses", "file_url", false, input(`{"type":"input_file","file_url":"https://kestrel.example/a.pdf"}`)},
		{"openai.responses", "file_id", false, input(`{"type":"input_file","file_id":"file_1"}`)},
		{"openai.responses", "image by id", false, input(`{"type":"input_image","file_id":"file_1"}`)},
		{"openai.responses", "previous_response_id", false, top(`"previous_response_id":"resp_1"`)},
		{"openai.responses", "search", false, top(`"tools":[{"type":"function","name":"send_mail"},{"type":"web_search"}]`)},
		{"openai.responses", "MCP", false, top(`"tools":[{"type":"mcp","server_label":"s","server_url":"https://kestrel.example"}]`)},
		{"anthropic.messages", "functions", true, top(`"tools":[{"name":"send_mail","input_schema":{"type":"object"}},{"type":"custom","name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto"},"system":"Be kind."`)},
		{"anthropic.messages", "a document", false, chat(`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"` + data + `"}}`)},
		{"anthropic.messages", "an image by URL", false, chat(`{"type":"image","source":{"type":"url","url":"https://kestrel.example/a.png"}}`)},
		{"anthropic.messages", "search", false, top(`"tools":[{"type":"web_search_20250305","name":"web_search"}]`)},
		{"anthropic.messages", "MCP", false, top(`"mcp_servers":[{"type":"url","name":"s","url":"https://kestrel.example"}]`)},
		{"gemini.generate", "functions", true, top(`"tools":[{"functionDeclarations":[{"name":"send_mail"}],"googleSearch":null},{"function_declarations":[{"name":"f"}]}],"generationConfig":{"temperature":0},"system_instruction":{"parts":[{"text":"Be kind."}]}`)},
		{"gemini.generate", "inlineData", false, contents(`{"inlineData":{"mimeType":"application/pdf","data":"` + data + `"}}`)},
		{"gemini.generate", "fileData", false, contents(`{"fileData":{"mimeType":"application/pdf","fileUri":"https://kestrel.example/files/1"}}`)},
		{"gemini.generate", "cachedContent", false, top(`"cachedContent":"cachedContents/1"`)},
		{"gemini.generate", "urlContext", false, top(`"tools":[{"functionDeclarations":[{"name":"send_mail"}]},{"urlContext":{}}]`)},
		{"gemini.generate", "search beside functions", false, top(`"tools":[{"functionDeclarations":[{"name":"send_mail"}],"google_search":{}}]`)},
	} {
		t.Run(c.protocol+" "+c.name, func(t *testing.T) {
			of := wires[slices.IndexFunc(wires, func(w wire) bool { return w.protocol == c.protocol })]
			ask := of.request
			of.request = func(text string, stream bool) string { return c.with(ask(text, stream)) }
			token := ""
			tr := taps[c.protocol].exchange(t, &of, false, "I am lena@kestrel.example.", func(sent string) (string, []int) {
				token = tokenForm.FindString(sent)
				return upstreamSays(token).Replace(calls[c.protocol]), []int{3000}
			})
			restored := map[bool]int{true: 1}[c.back]
			if token == "" || tr.closed.End != "complete" || tr.closed.Restored != restored ||
				strings.Contains(tr.got, "lena@") != c.back || strings.Contains(tr.got, token) == c.back {
				t.Errorf("came back: want %v; %+v, token %s, got %s", c.back, tr.closed, token, tr.got)
			}
		})
	}
}
