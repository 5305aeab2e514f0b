package dialect

import "strings"

// minMedia is the shortest base64 that is taken for a recording or a picture.
// Anything shorter is inspected: no such file is so small.
const minMedia = 256

// mediaTypes are the kinds of data URL whose content is not text. SVG is text.
var mediaTypes = []string{
	"image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/bmp", "image/tiff", "image/heic", "image/heif", "image/avif",
	"audio/", "video/", "application/pdf",
}

// IsMedia reports whether s is a picture, a recording or a PDF: pure base64 of
// some length, or a data URL of such a kind with it. All else may be text.
func IsMedia(s string) bool {
	if len(s) > 5 && strings.EqualFold(s[:5], "data:") {
		kind, data, ok := strings.Cut(s[5:], ";base64,")
		if !ok || len(kind) > 64 || !isMediaType(strings.ToLower(kind)) {
			return false
		}
		s = data
	}
	return len(s) >= minMedia && isBase64(s)
}

func isMediaType(kind string) bool {
	for _, m := range mediaTypes {
		if kind == m {
			return true
		}
		if strings.HasSuffix(m, "/") && strings.HasPrefix(kind, m) && !strings.ContainsAny(kind, "; ,%") {
			return true
		}
	}
	return false
}

func isBase64(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := range len(s) {
		c := s[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '-' || c == '_' {
			continue
		}
		return false
	}
	return true
}
