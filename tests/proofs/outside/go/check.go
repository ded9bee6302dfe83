// Signed checkpoints, tiles by HTTP and proofs, checked by golang.org/x/mod: `go run check.go DATA`.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type number int64

func (n *number) UnmarshalJSON(text []byte) error {
	value, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	*n = number(value)
	return err
}

type hash []byte

func (h hash) of() (hash tlog.Hash) {
	copy(hash[:], h)
	return hash
}

type hashes []hash

func (list hashes) of() (proof []tlog.Hash) {
	for _, hash := range list {
		proof = append(proof, hash.of())
	}
	return proof
}

type data struct {
	Vkey, Early, Late, Tiles string
	Records                  [][]byte
	Inclusion                []struct {
		LeafIndex number `json:"leaf_index"`
		TreeSize  number `json:"tree_size"`
		LeafHash  hash   `json:"leaf_hash"`
		Root      hash
		Hashes    hashes
	}
	Consistency []struct {
		First, Second number
		FirstRoot     hash `json:"first_root"`
		SecondRoot    hash `json:"second_root"`
		Hashes        hashes
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "golang.org/x/mod:", err)
		os.Exit(1)
	}
}

func require(holds bool, what string, values ...any) {
	if !holds {
		must(fmt.Errorf(what, values...))
	}
}

// tree returns what a checkpoint says, if it is signed by the key.
func tree(text, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	must(err)
	require(len(opened.Sigs) == 1, "%d signatures", len(opened.Sigs))
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	_, err = note.Open([]byte(strings.Replace(text, "\n"+lines[1]+"\n", "\n1"+lines[1]+"\n", 1)), note.VerifierList(verifier))
	require(err != nil, "a changed checkpoint is taken")
	return tlog.Tree{N: size, Hash: root}
}

// tiles reads tiles by HTTP, as c2sp.org/tlog-tiles has them.
type tiles struct {
	at   string
	read int
}

func (t *tiles) Height() int { return 8 }

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		answer, err := http.Get(t.at + "/" + strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		bytes, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != 200 {
			return nil, fmt.Errorf("%s: %s %v", tile.Path(), answer.Status, err)
		}
		all = append(all, bytes)
		t.read++
	}
	return all, nil
}

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func main() {
	text, err := os.ReadFile(os.Args[1])
	must(err)
	var data data
	must(json.Unmarshal(text, &data))
	early, late := tree(data.Early, data.Vkey), tree(data.Late, data.Vkey)

	reader := &tiles{at: data.Tiles}
	hashes := tlog.TileHashReader(late, reader)
	for index, record := range data.Records {
		proof, err := tlog.ProveRecord(late.N, int64(index), hashes)
		must(err)
		must(tlog.CheckRecord(proof, late.N, late.Hash, int64(index), tlog.RecordHash(append([]byte{1}, record...))))
	}
	proof, err := tlog.ProveTree(late.N, early.N, hashes)
	must(err)
	must(tlog.CheckTree(proof, late.N, late.Hash, early.N, early.Hash))

	for _, ours := range data.Inclusion {
		size, index := int64(ours.TreeSize), int64(ours.LeafIndex)
		require(tlog.RecordHash(append([]byte{1}, data.Records[index]...)) == ours.LeafHash.of(), "leaf %d", index)
		must(tlog.CheckRecord(ours.Hashes.of(), size, ours.Root.of(), index, ours.LeafHash.of()))
		require(tlog.CheckRecord(ours.Hashes.of(), size, ours.Root.of(), index, late.Hash) != nil, "another leaf at %d is taken", index)
	}
	for _, ours := range data.Consistency {
		first, second := int64(ours.First), int64(ours.Second)
		must(tlog.CheckTree(ours.Hashes.of(), second, ours.SecondRoot.of(), first, ours.FirstRoot.of()))
		require(tlog.CheckTree(ours.Hashes.of(), second, ours.SecondRoot.of(), first, early.Hash) != nil || ours.FirstRoot.of() == early.Hash,
			"another past of %d is taken", first)
	}
	fmt.Printf("golang.org/x/mod: %d records by %d tiles, %d inclusion proofs, %d consistency proofs\n", len(data.Records), reader.read, len(data.Inclusion),
		len(data.Consistency))
}
