// Command render makes pages of a mail for the script beside it, and cuts the
// pictures that a browser takes of them. The mail is a notice in JSON, which is
// rendered as the daemon does, or a file with a mail as it was received.
//
//	render pages MAIL FOLDER    writes text.html and html.html
//	render crop PICTURE         cuts the empty end off, in place
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/alert"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "pages":
		return pages(args[1], args[2])
	case len(args) == 2 && args[0] == "crop":
		return crop(args[1])
	}
	return errors.New("want: pages MAIL FOLDER, or crop PICTURE")
}

// pages writes a page for each part of the mail.
func pages(path, folder string) error {
	read := received
	if strings.HasSuffix(path, ".json") {
		read = rendered
	}
	m, err := read(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	text := `<!DOCTYPE html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">` +
		`<pre style="margin:20px;font:14px/20px 'DejaVu Sans Mono',monospace;white-space:pre-wrap"><b>` + html.EscapeString(m.Subject) + "</b>\n\n" + html.EscapeString(m.Text) + "</pre>"
	if err := os.WriteFile(filepath.Join(folder, "text.html"), []byte(text), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "html.html"), []byte(m.HTML), 0o600)
}

// rendered is the mail that the daemon makes of a notice.
func rendered(path string) (alert.Message, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return alert.Message{}, err
	}
	var n toll.Notice
	if err := json.Unmarshal(text, &n); err != nil {
		return alert.Message{}, err
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return alert.Message{}, err
	}
	return alert.Render(n, alert.Site{Name: "pbx1.example.com", Currency: "EUR", Zone: zone})
}

// received are the parts of a mail as a mail server has it.
func received(path string) (alert.Message, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return alert.Message{}, err
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return alert.Message{}, err
	}
	var m alert.Message
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return m, err
	}
	_, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	parts := multipart.NewReader(parsed.Body, parameters["boundary"])
	for _, to := range []*string{&m.Text, &m.HTML} {
		part, err := parts.NextRawPart()
		if err != nil {
			return m, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return m, err
		}
		*to = string(body)
	}
	return m, nil
}

// margin is how many rows stay below the last one with something in it.
const margin = 32

// crop cuts rows off the end of a picture that look like the very last one.
func crop(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		return err
	}
	bounds := picture.Bounds()
	empty := picture.At(bounds.Min.X, bounds.Max.Y-1)
	last := bounds.Max.Y - 1
rows:
	for ; last > bounds.Min.Y; last-- {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if picture.At(x, last) != empty {
				break rows
			}
		}
	}
	bounds.Max.Y = min(bounds.Max.Y, last+margin)
	cut, can := picture.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if !can {
		return fmt.Errorf("%s: %T cannot be cut", path, picture)
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, cut.SubImage(bounds)); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644) //nolint:gosec // a picture for everybody
}
