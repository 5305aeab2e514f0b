package detect

import (
	"slices"
	"testing"

	"warder.example/guard"
)

// notCredentials are kinds of the secret rows that name something without being
// a credential: Warder does not report them.
var notCredentials = []string{
	"Amazon Resource Name", "AWS S3 Bucket", "React App Username", "Google Client ID", "Shopify Domain", "LinkedIn Client ID", "Twitter Client ID", "GitHub Client ID",
	"Segment Public API Token", "Mapbox Public Access Token",
}

// TestSecretsOnTheCorpus reports recall and specificity by source.
func TestSecretsOnTheCorpus(t *testing.T) {
	var credentials, recalled, others, named int
	eachRow(t, "noseyparker", func(text, label, sub string) {
		found := len(secretsScan(text)) > 0
		switch {
		case label == "secret" && slices.Contains(notCredentials, sub):
			others++
			if found {
				named++
			}
		case label == "secret":
			credentials++
			if found {
				recalled++
			}
		}
	})
	t.Logf("noseyparker: recall %d/%d credentials; %d/%d names that are none are reported", recalled, credentials, named, others)
	if credentials == 0 || 100*recalled < 75*credentials {
		t.Errorf("recall is %d of %d credentials, want at least 75 %%", recalled, credentials)
	}
	rows, wrong := 0, 0
	eachRow(t, "noseyparker", func(text, label, _ string) {
		if label == "non_secret" {
			rows++
			if len(secretsScan(text)) > 0 {
				wrong++
			}
		}
	})
	t.Logf("noseyparker: %d/%d non_secret rows are reported (most of them are credentials of another kind)", wrong, rows)
	for _, source := range []string{"clinc150", "banking77", "awesome_prompts", "cse_instruct", "ui_messages_json", "presidio_generated_large", "nlupp", "selfinstruct_seed175"} {
		rows, wrong = 0, 0
		eachRow(t, source, func(text, _, _ string) {
			rows++
			if len(secretsScan(text)) > 0 {
				wrong++
			}
		})
		t.Logf("%s: %d/%d rows are reported", source, wrong, rows)
		if rows == 0 || 1000*wrong > rows {
			t.Errorf("%s: %d of %d rows are reported, want at most 0.1 %%", source, wrong, rows)
		}
	}
	rows, wrong = 0, 0
	eachRow(t, "code_docs", func(text, _, _ string) {
		rows++
		if len(secretsScan(text)) > 0 {
			wrong++
		}
	})
	t.Logf("code_docs: %d/%d rows are reported (they show keys)", wrong, rows)
	if rows == 0 || 100*wrong > 2*rows {
		t.Errorf("code_docs: %d of %d rows are reported, want at most 2 %%", wrong, rows)
	}
}

func secretsScan(text string) []guard.Finding {
	found, _ := NewSecrets().Scanner(nil, guard.OriginUnknown, guard.Prose).Scan(text, true)
	return found
}

// eachRow reads one source of the corpus.
func eachRow(t *testing.T, source string, row func(text, label, sub string)) {
	t.Helper()
	for _, r := range corpusRows(t, source) {
		row(r.Text, r.Label, r.Sub)
	}
}
