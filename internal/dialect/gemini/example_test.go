package gemini_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/gemini"
)

// how says whose a text is, and what.
func how(l *dialect.Leaf) string {
	kinds := map[guard.Kind]string{guard.Prose: "prose", guard.Name: "name", guard.ToolArguments: "arguments"}
	return l.Origin.String() + " " + kinds[l.Kind]
}

func request(p dialect.Protocol) func([]byte) ([]dialect.Leaf, error) {
	return func(b []byte) ([]dialect.Leaf, error) {
		r, err := p.ParseRequest(b, dialect.Limits{})
		if err != nil {
			return nil, err
		}
		return r.Leaves, nil
	}
}

func answered(b []byte) ([]dialect.Leaf, error) {
	a, err := gemini.Generate.ParseAnswer(b, dialect.Limits{})
	if err != nil {
		return nil, err
	}
	return a.Leaves, nil
}

// TestLeaves: whose each text of the examples is.
func TestLeaves(t *testing.T) {
	for _, c := range []struct {
		read func([]byte) ([]dialect.Leaf, error)
		file string
		want map[string]string
	}{
		{request(gemini.Generate), "request_chat.json", map[string]string{
			"systemInstruction.parts[0].text": "operator prose", "contents[0].parts[0].text": "user prose", "contents[1].parts[0].text": "model prose",
			"generationConfig.stopSequences[0]": "user prose",
		}},
		{request(gemini.Generate), "request_snake.json", map[string]string{
			"system_instruction.parts.text": "operator prose", "contents.parts.text": "user prose", "generation_config.stop_sequences[0]": "user prose",
		}},
		{request(gemini.Generate), "request_tools.json", map[string]string{
			"contents[1].parts[0].functionCall.name":                                                    "model name",
			"contents[1].parts[0].functionCall.args.\"color_temp\"":                                     "model arguments",
			"contents[1].parts[0].thoughtSignature":                                                     "model name",
			"contents[2].parts[0].functionResponse.response.\"note\"":                                   "tool prose",
			"contents[2].parts[0].functionResponse.parts[0].inlineData.mimeType":                        "tool name",
			"tools[0].functionDeclarations[0].description":                                              "operator prose",
			"toolConfig.functionCallingConfig.allowedFunctionNames[0]":                                  "operator name",
			"toolConfig.retrievalConfig.languageCode":                                                   "user name",
			"tools[3].googleSearch.excludeDomains[0]":                                                   "operator name",
			"tools[0].functionDeclarations[0].parameters.\"properties\".\"brightness\".\"description\"": "operator prose",
		}},
		{request(gemini.Generate), "request_media.json", map[string]string{
			"contents[0].parts[3].fileData.fileUri": "user prose", "contents[0].parts[4].inlineData.data": "user prose",
			"contents[0].parts[1].inlineData.data": "", "contents[0].parts[2].inline_data.data": "",
		}},
		{request(gemini.Generate), "request_code.json", map[string]string{
			"contents[1].parts[0].text": "model prose", "contents[1].parts[1].executableCode.code": "model prose",
			"contents[1].parts[2].codeExecutionResult.output": "tool prose", "contents[1].parts[3].toolCall.args.\"queries\"[0]": "model arguments",
			"contents[1].parts[4].toolResponse.response.\"search_suggestions\"": "tool prose",
			"contents[2].parts[0].function_response.response.\"output\"":        "tool prose", "contents[3].parts[0].text": "user prose",
		}},
		{request(gemini.CountTokens), "count_request_whole.json", map[string]string{
			"generateContentRequest.model": "user name", "generateContentRequest.contents[0].parts[0].text": "user prose",
			"generateContentRequest.systemInstruction.parts[0].text": "operator prose",
		}},
		{answered, "answer_grounded.json", map[string]string{
			"candidates[0].content.parts[0].text": "model prose", "candidates[0].groundingMetadata.groundingChunks[0].web.uri": "tool prose",
			"candidates[0].groundingMetadata.groundingChunks[2].maps.placeAnswerSources.reviewSnippets[0].review": "tool prose",
			"candidates[0].groundingMetadata.webSearchQueries[0]":                                                 "model prose",
			"candidates[0].groundingMetadata.groundingSupports[0].segment.text":                                   "model prose",
			"candidates[0].citationMetadata.citationSources[0].uri":                                               "tool prose",
			"candidates[0].urlContextMetadata.urlMetadata[0].retrievedUrl":                                        "tool prose", "responseId": "model name",
		}},
		{answered, "answer_code.json", map[string]string{
			"candidates[0].content.parts[1].codeExecutionResult.output": "tool prose", "candidates[0].content.parts[2].inlineData.data": "",
		}},
	} {
		leaves, err := c.read(dialecttest.Read(t, c.file))
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for i := range leaves {
			found[leaves[i].Path()] = how(&leaves[i])
		}
		for path, want := range c.want {
			if found[path] != want {
				t.Errorf("%s: %s is %q, want %q", c.file, path, found[path], want)
			}
		}
	}
}

func TestRequestFacts(t *testing.T) {
	r, err := gemini.Generate.ParseRequest(dialecttest.Read(t, "request_chat.json"), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Model != "" || r.Stream || r.MaxTokens != 800 || r.N != 2 || r.Turns != 3 || r.LastTurn() != 2 || r.HasTools {
		t.Errorf("read %+v", r)
	}
	if diff := cmp.Diff([]string{"You are a cat. Your name is Neko."}, r.Operator()); diff != "" {
		t.Errorf("operator (-want +got):\n%s", diff)
	}
	if r, err = gemini.Generate.ParseRequest(dialecttest.Read(t, "request_snake.json"), dialect.Limits{}); err != nil || r.MaxTokens != 64 || r.Turns != 1 || !r.HasTools ||
		cmp.Diff([]string{"You are a cat."}, r.Operator()) != "" || r.Leaves[1].Turn != 0 {
		t.Errorf("snake case: %+v, %v", r, err)
	}
	r, err = gemini.Generate.ParseRequest([]byte(`{"contents":[{"parts":[{"text":"hi"}]}],"systemInstruction":"Be kind.","model":"models/m1","warder":{"subject":"u1","session":"s1"}}`), dialect.Limits{})
	if err != nil || r.Model != "m1" || r.Subject != "u1" || r.Session != "s1" || cmp.Diff([]string{"Be kind."}, r.Operator()) != "" {
		t.Errorf("%+v, %v", r, err)
	}
	if got, want := string(r.Body(nil)), `{"contents":[{"parts":[{"text":"hi"}]}],"systemInstruction":"Be kind."}`; got != want {
		t.Errorf("forwarded %s, want %s", got, want)
	}
}

// TestCap: the most tokens of an answer are written where the API has them.
func TestCap(t *testing.T) {
	const head = `{"contents":[{"parts":[{"text":"hi"}]}]`
	for _, c := range []struct{ in, out string }{
		{`}`, `{"generationConfig":{"maxOutputTokens":9},"contents":[{"parts":[{"text":"hi"}]}]}`},
		{`,"generationConfig":{"topK":1}}`, head + `,"generationConfig":{"maxOutputTokens":9,"topK":1}}`},
		{`,"generation_config":{}}`, head + `,"generation_config":{"maxOutputTokens":9}}`},
		{`,"generation_config":{"max_output_tokens":null}}`, head + `,"generation_config":{"max_output_tokens":9}}`},
		{`,"generationConfig":null}`, head + `,"generationConfig":{"maxOutputTokens":9}}`},
	} {
		r, err := gemini.Generate.ParseRequest([]byte(head+c.in), dialect.Limits{})
		if err != nil || !r.Cap(9, false) || string(r.Body(nil)) != c.out {
			t.Errorf("%s: %v, %s; want %s", c.in, err, r.Body(nil), c.out)
		}
	}
	if r, err := gemini.CountTokens.ParseRequest([]byte(head+`}`), dialect.Limits{}); err != nil || r.Cap(9, false) {
		t.Errorf("counting has a cap (%v)", err)
	}
}

// TestOriginClaims: less trust may be claimed, in a content or a part of one.
func TestOriginClaims(t *testing.T) {
	for _, c := range []struct{ content, want string }{
		{`{"parts":[{"text":"x","warder":{"origin":"document"}},{"text":"y"}]}`, "document prose,user prose"},
		{`{"role":"user","warder":{"origin":"email"},"parts":{"text":"x","warder":{"origin":"tool"}}}`, "tool prose"},
		{`{"role":"user","warder":{"origin":"email"},"parts":[{"text":"x"}]}`, "email prose"},
		{`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"a":"x"}},"warder":{"origin":"document"}}]}`, "document name,document prose"},
		{`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"a":"x"}},"warder":{"origin":"user"}}]}`, ""},
		{`{"role":"function","parts":[{"text":"x","warder":{"origin":"user"}}]}`, ""},
		{`{"role":"root","parts":[{"text":"x"}]}`, "unknown name,unknown prose"},
		{`{"parts":[{"text":"x","warder":{"origin":"operator"}}]}`, ""},
	} {
		r, err := gemini.Generate.ParseRequest([]byte(`{"contents":[`+c.content+`]}`), dialect.Limits{})
		if err != nil {
			if dialecttest.Problem(t, err); c.want != "" {
				t.Errorf("%s: %v", c.content, err)
			}
			continue
		}
		var got []string
		for i := range r.Leaves {
			got = append(got, how(&r.Leaves[i]))
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: %v, want %s", c.content, got, c.want)
		}
		if strings.Contains(string(r.Body(nil)), "warder") {
			t.Errorf("%s: the extension leaves in %s", c.content, r.Body(nil))
		}
	}
}

// TestRefused: what two parsers could read differently, and what cannot be bounded.
func TestRefused(t *testing.T) {
	const hi = `"contents":[{"parts":[{"text":"hi"}]}]`
	for _, c := range []struct{ name, body, code string }{
		{"both spellings", `{` + hi + `,"systemInstruction":{},"system_instruction":{}}`, dialect.CodeDuplicateKey},
		{"both spellings of a part's member", `{"contents":[{"parts":[{"inlineData":null,"inline_data":null}]}]}`, dialect.CodeDuplicateKey},
		{"both spellings of a number", `{` + hi + `,"generationConfig":{"maxOutputTokens":5,"max_output_tokens":50000}}`, dialect.CodeDuplicateKey},
		{"both spellings of an object", `{` + hi + `,"generation_config":{},"generationConfig":{}}`, dialect.CodeDuplicateKey},
		{"a third spelling", `{` + hi + `,"SystemInstruction":{}}`, dialect.CodeCaseVariantKey},
		{"a fourth spelling", `{` + hi + `,"system-instruction":{}}`, dialect.CodeCaseVariantKey},
		{"an escaped key", `{` + hi + `,"system\u0049nstruction":{}}`, dialect.CodeEscapedKey},
		{"a key twice", `{` + hi + `,` + hi + `}`, dialect.CodeDuplicateKey},
		{"part of two kinds", `{"contents":[{"parts":[{"text":"a","functionResponse":{"response":{}}}]}]}`, dialect.CodeInvalidValue},
		{"part of one kind twice", `{"contents":[{"parts":[{"fileData":{},"inlineData":{}}]}]}`, dialect.CodeInvalidValue},
		{"no contents", `{}`, dialect.CodeMissingField},
		{"contents are text", `{"contents":"hi"}`, dialect.CodeWrongType},
		{"a part is text", `{"contents":[{"parts":["hi"]}]}`, dialect.CodeWrongType},
		{"lists in lists", `{"contents":[[{"parts":[{"text":"hi"}]}]]}`, dialect.CodeWrongType},
		{"a number in a string", `{` + hi + `,"generationConfig":{"maxOutputTokens":"5"}}`, dialect.CodeWrongType},
		{"a number with a point", `{` + hi + `,"generationConfig":{"maxOutputTokens":5.0}}`, dialect.CodeInvalidValue},
		{"too many candidates", `{` + hi + `,"generationConfig":{"candidateCount":9}}`, dialect.CodeInvalidValue},
		{"no candidate", `{` + hi + `,"generationConfig":{"candidateCount":0}}`, dialect.CodeInvalidValue},
		{"an unknown member of the extension", `{` + hi + `,"warder":{"trust":1}}`, dialect.CodeUnknownField},
	} {
		_, err := gemini.Generate.ParseRequest([]byte(c.body), dialect.Limits{})
		if err == nil {
			t.Errorf("%s: accepted", c.name)
		} else if p := dialecttest.Problem(t, err); p.Code != c.code {
			t.Errorf("%s: %s, want %s", c.name, p.Code, c.code)
		}
	}
	for _, c := range []struct{ name, body string }{
		{"two models", `{` + hi + `,"model":"m1","generateContentRequest":{"model":"m2"}}`},
		{"contents in two places", `{` + hi + `,"generateContentRequest":{` + hi + `}}`},
	} {
		if _, err := gemini.CountTokens.ParseRequest([]byte(c.body), dialect.Limits{}); err == nil || dialecttest.Problem(t, err).Code != dialect.CodeInvalidValue {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestFilesOfAnotherKind: a file passes unread only where its type says what its
// bytes are.
func TestFilesOfAnotherKind(t *testing.T) {
	body := string(dialecttest.Read(t, "request_media.json"))
	for kind, ok := range map[string]bool{"image/png": true, "image/jpeg": true, "IMAGE/PNG": true, "text/plain": false, "audio/wav": false, "image/svg+xml": false, "": false} {
		_, err := gemini.Generate.ParseRequest([]byte(strings.Replace(body, `"image/png"`, fmt.Sprintf("%q", kind), 1)), dialect.Limits{})
		if (err == nil) != ok {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func TestAnswerFacts(t *testing.T) {
	for _, c := range []struct {
		file     string
		id       string
		finishes string
		usage    dialect.Usage
	}{
		{"answer_text.json", "Fk5CaNqXJ4-xvdIP", "0 STOP", dialect.Usage{Prompt: 8, Completion: 33, Total: 41, Reasoning: 21, Present: true}},
		{"answer_grounded.json", "g1", "0 STOP", dialect.Usage{Prompt: 35, Completion: 9, Total: 44, Cached: 2, Present: true}},
		{"answer_blocked.json", "", "0 PROHIBITED_CONTENT", dialect.Usage{Prompt: 8, Total: 8, Present: true}},
		{"answer_two.json", "", "0 STOP 1 SAFETY", dialect.Usage{Prompt: 8, Completion: 33, Total: 41, Reasoning: 21, Present: true}},
	} {
		a, err := gemini.Generate.ParseAnswer(dialecttest.Read(t, c.file), dialect.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, ch := range a.Choices {
			got = append(got, fmt.Sprint(ch.Index, " ", ch.Finish))
		}
		if a.ID != c.id || strings.Join(got, " ") != c.finishes || a.Error {
			t.Errorf("%s: %+v", c.file, a)
		}
		if diff := cmp.Diff(c.usage, a.Usage); diff != "" {
			t.Errorf("%s: usage (-want +got):\n%s", c.file, diff)
		}
	}
	for _, body := range []string{`{}`, `{"usageMetadata":{}}`, `{"promptFeedback":{}}`, `{"candidates":[]}`, `{"candidates":[{"index":8}]}`, `{"candidates":[{"index":-1}]}`,
		`{"candidates":{"content":{}}}`, `{"Candidates":[]}`, `[{"candidates":[]}]`, `{"error":null}`} {
		if _, err := gemini.Generate.ParseAnswer([]byte(body), dialect.Limits{}); err == nil {
			t.Errorf("%s is taken for an answer", body)
		}
	}
	leaves, err := gemini.Generate.ParseError(dialecttest.Read(t, "error.json"), dialect.Limits{})
	if err != nil || len(leaves) < 5 {
		t.Errorf("error: %d leaves, %v", len(leaves), err)
	}
	if _, err := gemini.Generate.ParseError(dialecttest.Read(t, "answer_text.json"), dialect.Limits{}); err == nil {
		t.Error("an answer is taken for an error")
	}
}

// TestMaskDropsLogprobs: what is masked in a text is not told by its tokens.
func TestMaskDropsLogprobs(t *testing.T) {
	a, err := gemini.Generate.ParseAnswer(dialecttest.Read(t, "answer_two.json"), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.Leaves {
		if l := &a.Leaves[i]; l.Path() == "candidates[0].content.parts[0].text" {
			body := string(a.Body([]dialect.Edit{{Leaf: i, Masks: []guard.Mask{{Span: guard.Span{End: 3}, With: "[X]"}}}}))
			if !strings.Contains(body, `"[X]."`) || !strings.Contains(body, `"logprobsResult": null`) || strings.Contains(body, `"One`) {
				t.Errorf("%s", body)
			}
			return
		}
	}
	t.Error("no text")
}
