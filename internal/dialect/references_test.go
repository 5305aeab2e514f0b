package dialect_test

import (
	"fmt"
	"slices"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
	"warder.example/internal/dialect/gemini"
	"warder.example/internal/dialect/openai"
	"warder.example/internal/dialect/responses"
)

// TestReferences: every place of a request that names what the provider keeps is told,
// each kind once, and nothing else is.
func TestReferences(t *testing.T) {
	const chat, claude = `{"model":"m","messages":[{"role":"user","content":[%s]}]}`, `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[%s]}]%s}`
	const input, config = `{"model":"m","input":[%s]}`, `{"model":"m","input":"hi",%s}`
	for _, c := range []struct {
		protocol dialect.Protocol
		body     string
		want     string
	}{
		{responses.Responses, fmt.Sprintf(config, `"previous_response_id":"resp_1"`), "[previous_response_id]"},
		{responses.Responses, fmt.Sprintf(config, `"previous_response_id":null,"conversation":null,"prompt":null,"store":true`), "[]"},
		{responses.Responses, fmt.Sprintf(config, `"previous_response_id":""`), "[]"},
		{responses.Responses, fmt.Sprintf(config, `"conversation":"conv_1"`), "[conversation]"},
		{responses.Responses, fmt.Sprintf(config, `"conversation":{"id":"conv_1"}`), "[conversation]"},
		{responses.Responses, fmt.Sprintf(config, `"prompt":{"id":"pmpt_1","version":"2","variables":{"a":"b"}}`), "[prompt]"},
		{responses.Responses, fmt.Sprintf(config, `"prompt":{"id":"pmpt_1","variables":{"a":{"type":"input_file","file_id":"file_1"}}}`), "[file_id prompt]"},
		{responses.Responses, fmt.Sprintf(config, `"tools":[{"type":"file_search","vector_store_ids":["vs_1","vs_2"]}]`), "[vector_store]"},
		{responses.Responses, fmt.Sprintf(config, `"tools":[{"type":"code_interpreter","container":"cntr_1"}]`), "[container]"},
		{responses.Responses, fmt.Sprintf(config, `"tools":[{"type":"code_interpreter","container":{"type":"auto","file_ids":["file_1"]}}]`), "[file_id]"},
		{responses.Responses, fmt.Sprintf(config, `"tools":[{"type":"computer_use_preview","environment":"browser"}]`), "[]"},
		{responses.Responses, fmt.Sprintf(input, `{"type":"item_reference","id":"msg_1"}`), "[item_reference]"},
		{responses.Responses, fmt.Sprintf(input, `{"type":null,"id":"msg_1"}`), "[item_reference]"},
		{responses.Responses, fmt.Sprintf(input, `{"id":"msg_1"},{"id":"msg_2"}`), "[item_reference]"},
		{responses.Responses, fmt.Sprintf(input, `{"role":"user","content":"hi"},{"type":"reasoning","id":"rs_1","summary":[]}`), "[item_reference]"},
		{responses.Responses, fmt.Sprintf(input, `{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":null}`), "[item_reference]"},
		{responses.Responses, fmt.Sprintf(input, `{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}`), "[]"},
		{responses.Responses, fmt.Sprintf(input, `{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]}`), "[]"},
		{responses.Responses, fmt.Sprintf(input, `{"type":"image_generation_call","id":"ig_1"}`), "[item_reference]"},
		{responses.Responses, fmt.Sprintf(input, `{"type":"image_generation_call","id":"ig_1","result":"iVBO"}`), "[]"},
		{responses.Responses, fmt.Sprintf(input, `{"type":"compaction","id":"cmp_1"}`), "[item_reference]"},
		{responses.Responses, fmt.Sprintf(input, `{"role":"user","content":[{"type":"input_file","file_url":"https://a.example/f.pdf"},{"type":"input_image","image_url":"https://a.example/i.png"}]}`), "[url]"},
		{responses.Responses, fmt.Sprintf(input, `{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,aGk="}]}`), "[]"},
		{responses.Responses, fmt.Sprintf(config, `"tools":[{"type":"shell","environment":{"type":"container_auto","skills":[{"type":"skill_reference","skill_id":"skill_1"}]}}]`), "[skill]"},
		{responses.Responses, fmt.Sprintf(input, `{"role":"user","content":[{"type":"input_image","file_id":"file_1"},{"type":"input_file","file_id":"file_2"}]}`), "[file_id]"},
		{openai.Chat, fmt.Sprintf(chat, `{"type":"file","file":{"file_id":"file_1"}}`), "[file_id]"},
		{openai.Chat, fmt.Sprintf(chat, `{"type":"text","text":"file_1"}`), "[]"},
		{openai.Chat, fmt.Sprintf(chat, `{"type":"image_url","image_url":{"url":"https://a.example/i.png"}}`), "[url]"},
		{openai.Chat, fmt.Sprintf(chat, `{"type":"image_url","image_url":"https://a.example/i.png"}`), "[url]"},
		{openai.Chat, fmt.Sprintf(chat, `{"type":"image_url","image_url":{"url":"DATA:text/plain,hi"}}`), "[]"},
		{openai.Chat, `{"model":"m","messages":[{"role":"assistant","audio":{"id":"audio_1"}},{"role":"user","content":"hi"}]}`, "[audio]"},
		{anthropic.Messages, fmt.Sprintf(claude, `{"type":"document","source":{"type":"file","file_id":"file_1"}}`, ""), "[file_id]"},
		{anthropic.Messages, fmt.Sprintf(claude, `{"type":"container_upload","file_id":"file_1"}`, `,"container":"c_1"`), "[container file_id]"},
		{anthropic.Messages, fmt.Sprintf(claude, `{"type":"text","text":"hi"}`, `,"container":{"id":"c_1"}`), "[container]"},
		{anthropic.Messages, fmt.Sprintf(claude, `{"type":"text","text":"hi"}`, `,"container":null`), "[]"},
		{anthropic.Messages, fmt.Sprintf(claude, `{"type":"text","text":"hi"}`, `,"container":{"skills":[{"type":"custom","skill_id":"skill_1","version":"latest"}]}`), "[skill]"},
		{anthropic.Messages, fmt.Sprintf(claude, `{"type":"document","source":{"type":"url","url":"https://a.example/f.pdf"}},{"type":"image","source":{"type":"url","url":"https://a.example/i.png"}}`, ""), "[url]"},
		{gemini.Generate, `{"contents":[{"parts":[{"text":"hi"}]}],"cachedContent":"cachedContents/1"}`, "[cached_content]"},
		{gemini.Generate, `{"contents":[{"parts":[{"text":"hi"}]}],"cached_content":"cachedContents/1"}`, "[cached_content]"},
		{gemini.Generate, `{"contents":[{"parts":[{"file_data":{"file_uri":"https://files.example/v1beta/files/1"}}]}]}`, "[file_uri]"},
		{gemini.CountTokens, `{"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"hi"}]}],"cachedContent":"cachedContents/1"}}`, "[cached_content]"},
		{gemini.Generate, `{"contents":[{"parts":[{"text":"hi"}]}],"tools":[{"fileSearch":{"fileSearchStoreNames":["fileSearchStores/1"]}}]}`, "[file_search_store]"},
		{gemini.Embed, `{"content":{"parts":[{"fileData":{"fileUri":"files/1"}}]}}`, "[file_uri]"},
	} {
		r, err := c.protocol.ParseRequest([]byte(c.body), dialect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		if slices.Sort(r.References); fmt.Sprint(r.References) != c.want {
			t.Errorf("%s refers to %v; expected %s", c.body, r.References, c.want)
		}
	}
}
