// Command sumdb asks the Go checksum database's own packages about a log that is not theirs.
//
//	sumdb note VKEY NOTE                 note.Open: the signature over the checkpoint
//	sumdb record VKEY NOTE INDEX LEAF    tlog.CheckRecord: the leaf is in it; proof hashes on standard input, base64
//	sumdb vectors < cases.json           tlog.CheckRecord on every case; prints true or false a line
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "note":
		_, _, err := open(args[1], args[2])
		return err
	case len(args) == 5 && args[0] == "record":
		return record(args[1], args[2], args[3], args[4])
	case len(args) == 1 && args[0] == "vectors":
		return vectors()
	}
	return errors.New("usage: sumdb note VKEY NOTE | record VKEY NOTE INDEX LEAF | vectors")
}

// open verifies the note under the key and reads size and root from its second and third line.
func open(vkeyFile, noteFile string) (int64, tlog.Hash, error) {
	var none tlog.Hash
	vkey, err := os.ReadFile(vkeyFile)
	if err != nil {
		return 0, none, err
	}
	signed, err := os.ReadFile(noteFile)
	if err != nil {
		return 0, none, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return 0, none, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return 0, none, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return 0, none, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, none, err
	}
	root, err := tlog.ParseHash(lines[2])
	return size, root, err
}

func record(vkeyFile, noteFile, index, leafFile string) error {
	size, root, err := open(vkeyFile, noteFile)
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(index, 10, 64)
	if err != nil {
		return err
	}
	leaf, err := os.ReadFile(leafFile)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		hash, err := tlog.ParseHash(lines.Text())
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	return tlog.CheckRecord(proof, size, root, at, tlog.RecordHash(leaf))
}

// vectors judges inclusion cases of transparency-dev/merkle; a hash of another length is no hash.
func vectors() error {
	var cases []struct {
		LeafIdx, TreeSize uint64
		Root, LeafHash    string
		Proof             []string
	}
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		return err
	}
	for _, c := range cases {
		hashes := make(tlog.RecordProof, 0, len(c.Proof)+2)
		good := c.TreeSize < 1<<62 && c.LeafIdx < 1<<62
		for _, text := range append([]string{c.Root, c.LeafHash}, c.Proof...) {
			raw, err := base64.StdEncoding.DecodeString(text)
			var hash tlog.Hash
			good = good && err == nil && len(raw) == len(hash)
			copy(hash[:], raw)
			hashes = append(hashes, hash)
		}
		good = good && tlog.CheckRecord(hashes[2:], int64(c.TreeSize), hashes[0], int64(c.LeafIdx), hashes[1]) == nil
		fmt.Println(good)
	}
	return nil
}
