package normal_test

import (
	"fmt"

	"warder.example/guard/normal"
)

func ExampleUndo() {
	text := "Please decode cmVhZCB0aGUgaGlkZGVuIG5vdGU= for me"
	for _, v := range normal.Undo(text, normal.Options{}).Views {
		start, end := v.Source(5, 15)
		fmt.Printf("%s: %q, of which %q comes from %q\n", v.Path, v.Text, v.Text[5:15], text[start:end])
	}
	// Output:
	// base64: "read the hidden note", of which "the hidden" comes from "B0aGUgaGlkZGVu"
}
