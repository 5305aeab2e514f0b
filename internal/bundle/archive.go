package bundle

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// manifestName is the first file of the archive.
const manifestName = "manifest"

// archived is one file of the archive.
type archived struct {
	name string
	data []byte
}

// pack writes an archive. Equal files give equal bytes.
func pack(files []archived) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		err := w.WriteHeader(&tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o444, Size: int64(len(f.data)), ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR})
		if err != nil {
			return nil, fmt.Errorf("writing the archive: %w", err)
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, fmt.Errorf("writing the archive: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing the archive: %w", err)
	}
	return b.Bytes(), nil
}

// unpack reads an archive that pack could have written, and no other: there is no
// room in it for a link, a path, a second file of a name, an extension header or
// bytes after the end.
func unpack(file []byte) ([]archived, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("%w: it has %d bytes; expected at most %d", ErrFormat, len(file), MaxFile)
	}
	r := tar.NewReader(bytes.NewReader(file))
	var files []archived
	next := -1 // of partNames; -1 is the manifest
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: it is not a whole tar archive", ErrFormat)
		}
		name, most := manifestName, int64(maxManifest)
		if next >= 0 {
			for next < len(partNames) && partNames[next].name != h.Name {
				next++
			}
			if next == len(partNames) {
				return nil, fmt.Errorf("%w: the file %.40q is unknown, out of order, or there twice", ErrFormat, h.Name)
			}
			name, most = partNames[next].name, partNames[next].most
		}
		next++
		if h.Name != name || h.Typeflag != tar.TypeReg || h.Size > most {
			return nil, fmt.Errorf("%w: the file %.40q has %d bytes and is of type %q; expected a plain file %s of at most %d bytes", ErrFormat, h.Name, h.Size, h.Typeflag, name, most)
		}
		data, err := io.ReadAll(io.LimitReader(r, most))
		if err != nil {
			return nil, fmt.Errorf("%w: it is not a whole tar archive", ErrFormat)
		}
		files = append(files, archived{name, data})
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrFormat)
	}
	again, err := pack(files)
	if err = errors.Join(err, same(again, file)); err != nil {
		return nil, err
	}
	return files, nil
}

func same(again, file []byte) error {
	if !bytes.Equal(again, file) {
		return fmt.Errorf("%w: its archive is written differently than warder bundle make does", ErrFormat)
	}
	return nil
}
