//! The rooms of `src` – its folders, and the files beside them – and which imports which: no circle, nothing that is not
//! allowed here, and the picture in `src/ARCHITECTURE.md` is of the code as it is.
//! `cargo test --test rooms -- --nocapture` prints the picture, and every import of a room that is not allowed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The rooms from top to bottom. Each may import rooms further down, of those the ones named here.
const ALLOWED: &[(&str, &[&str])] = &[
    // Parses and calls; `verify` looks into snapshots, `import` and `bench` make events.
    (
        "cli",
        &[
            "server", "grpc", "access", "proofs", "backup", "ledger", "snapshot", "journal", "clock", "language", "workload", "domain",
            "proto",
        ],
    ),
    // Puts everything together.
    (
        "server",
        &["console", "grpc", "feed", "proofs", "access", "queries", "ledger", "journal", "clock", "measure", "priority", "domain", "proto"],
    ),
    // The ledger in a browser: asks the services as a client does, and shows what they answer.
    ("console", &["grpc", "access", "ledger", "language", "domain", "proto"]),
    // Translates.
    ("grpc", &["feed", "proofs", "access", "queries", "ledger", "wire", "domain", "proto"]),
    // Tells what is recorded as it is recorded.
    ("feed", &["queries", "ledger", "wire", "domain", "proto", "https"]),
    // Makes and checks what others can check without us.
    ("proofs", &["ledger", "journal", "priority", "https"]),
    // Who may do what; the ledger asks it by a trait of its own.
    ("access", &["ledger", "clock", "domain", "proto", "https"]),
    // Asks the ledger's view, the projections and, for the past, the journal's records.
    ("queries", &["backup", "ledger", "projections", "journal", "domain", "proto"]),
    // Copies exact records.
    ("backup", &["journal", "proto"]),
    // The only writer.
    ("ledger", &["wire", "projections", "snapshot", "journal", "clock", "measure", "priority", "domain", "encoding", "proto"]),
    // Writes what is stored and answered; reads what passes through.
    ("wire", &["domain", "proto"]),
    // Derived from records and state.
    ("projections", &["domain", "encoding", "proto"]),
    // Files of what is encoded, checked by the journal's root.
    ("snapshot", &["journal", "encoding"]),
    // Records are bytes.
    ("journal", &["measure", "priority"]),
    // The present time, as a value of the domain.
    ("clock", &["domain"]),
    // How servers of others are asked.
    ("https", &[]),
    // Counts that whoever works writes and whoever watches reads.
    ("measure", &[]),
    // How urgent a thread is.
    ("priority", &[]),
    // Texts, dates and figures in English and Thai, and the sentences made of answers.
    ("language", &["domain", "proto"]),
    // Events as clients send them.
    ("workload", &["proto"]),
    // Messages in, effects out.
    ("domain", &["encoding", "proto"]),
    ("encoding", &[]),
    ("proto", &[]),
];

/// Where the picture stands on the page.
const BEGIN: &str = "<!-- rooms: tests/rooms.rs checks this picture -->\n```text\n";
const END: &str = "```\n";

/// Set it to draw the picture anew.
const UPDATE: &str = "UPDATE_GOLDEN";

/// One import: who, whom, and where it is written (`src/ledger/writer.rs:12`).
struct Import {
    from: String,
    to: String,
    place: String,
}

fn at_home(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
    let files = files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

/// The room of a file below `src`: `ledger` of `ledger/writer.rs`, `clock` of `clock.rs`.
fn room_of(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The code without unit tests, which stand at the end of a file, and without lines of comment.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect::<Vec<_>>().join("\n")
}

/// The names that follow `crate::` and `partnership_ledger::`, those in braces each, with the line, from 1.
fn names_imported(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for root in ["crate::", "partnership_ledger::"] {
        for (at, _) in code.match_indices(root) {
            let line = 1 + code[..at].matches('\n').count();
            let rest = &code[at + root.len()..];
            let names = if rest.starts_with('{') { names_in_braces(rest) } else { vec![name_at(rest)] };
            found.extend(names.into_iter().filter(|name| !name.is_empty()).map(|name| (line, name)));
        }
    }
    found
}

fn name_at(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The first names of `{a::b, c::{d, e}}`: `a` and `c`.
fn names_in_braces(text: &str) -> Vec<String> {
    let (mut depth, mut names) = (0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 1 && matches!(letter, '{' | ',') {
            names.push(name_at(text[at + 1..].trim_start()));
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// All imports between rooms. What the build script generates imports what the file does that includes it.
fn imports() -> Vec<Import> {
    let source = at_home("src");
    let mut files: Vec<(String, PathBuf)> =
        rust_files(&source).into_iter().map(|file| (room_of(file.strip_prefix(&source).unwrap()), file)).collect();
    files.retain(|(room, _)| room != "lib" && room != "main");
    let rooms: BTreeSet<String> = files.iter().map(|(room, _)| room.clone()).collect();

    let mut imports = Vec::new();
    for (from, file) in &files {
        let code = code(&fs::read_to_string(file).unwrap());
        for (line, to) in names_imported(&code) {
            if to != *from && rooms.contains(&to) {
                let place = format!("{}:{line}", file.strip_prefix(at_home("")).unwrap().display());
                imports.push(Import { from: from.clone(), to, place });
            }
        }
    }
    imports
}

/// One line per room, from top to bottom: the room, and what it imports in the same order.
fn picture(imports: &[Import]) -> String {
    let order: Vec<&str> = ALLOWED.iter().map(|(room, _)| *room).collect();
    let mut arrows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Import { from, to, .. } in imports {
        arrows.entry(from).or_default().insert(to);
    }
    let mut picture = String::new();
    for room in order.iter().filter(|room| at_home("src").join(room).exists() || at_home("src").join(format!("{room}.rs")).exists()) {
        let imported = arrows.get(room).cloned().unwrap_or_default();
        let named: Vec<&str> = order.iter().copied().filter(|other| imported.contains(other)).collect();
        let line = if named.is_empty() { (*room).to_owned() } else { format!("{room:<11} ─▶ {}", named.join(", ")) };
        picture.push_str(&line);
        picture.push('\n');
    }
    picture
}

#[test]
fn arrows_run_down_only() {
    for (index, (room, below)) in ALLOWED.iter().enumerate() {
        for other in *below {
            let further_down = ALLOWED[index + 1..].iter().any(|(room, _)| room == other);
            assert!(further_down, "{room} may not import {other}: it does not stand further down");
        }
    }
}

#[test]
fn rooms_import_what_they_may_and_nothing_else() {
    let imports = imports();
    print!("{}", picture(&imports));
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let may = |from: &str, to: &str| allowed.get(from).is_some_and(|below| below.contains(&to));
    let wrong: Vec<String> = imports
        .iter()
        .filter(|import| !may(&import.from, &import.to))
        .map(|Import { from, to, place }| format!("{place}: {from} imports {to}"))
        .collect();
    assert!(wrong.is_empty(), "not allowed in tests/rooms.rs:\n{}", wrong.join("\n"));
    let is_used = |from: &str, to: &str| imports.iter().any(|import| import.from == from && import.to == to);
    let unused: Vec<String> = ALLOWED
        .iter()
        .flat_map(|(from, below)| below.iter().map(move |to| (from, to)))
        .filter(|(from, to)| !is_used(from, to))
        .map(|(from, to)| format!("{from} does not import {to}"))
        .collect();
    assert!(unused.is_empty(), "allowed in tests/rooms.rs, but used by nobody:\n{}", unused.join("\n"));
}

#[test]
fn the_picture_on_the_page_is_of_the_code() {
    let page = fs::read_to_string(at_home("src/ARCHITECTURE.md")).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a picture");
    let (shown, after) = rest.split_once(END).unwrap();
    let picture = picture(&imports());
    if std::env::var_os(UPDATE).is_some() {
        fs::write(at_home("src/ARCHITECTURE.md"), format!("{before}{BEGIN}{picture}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(shown, picture, "src/ARCHITECTURE.md shows other imports than there are: run with {UPDATE}=1 to draw it anew");
}

#[test]
fn imports_are_read_as_they_are_written() {
    let code = code(concat!(
        "//! [`crate::comment`]\n",
        "use crate::alone::Name;\n",
        "use crate::{first::Name, second::{Inner, third::Deep},\n    fourth};\n",
        "fn path() { crate::inline::call(); partnership_ledger::library::call(); }\n",
        "#[cfg(test)]\nmod tests {\n    use crate::tested;\n}\n",
    ));
    let names: BTreeSet<(usize, String)> = names_imported(&code).into_iter().collect();
    let expected = [(2, "alone"), (3, "first"), (3, "second"), (3, "fourth"), (5, "inline"), (5, "library")];
    assert_eq!(names, expected.into_iter().map(|(line, name)| (line, name.to_owned())).collect());
}

/// The pages, from the project's root.
fn pages() -> Vec<PathBuf> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    let files = ["src", "tests", "benches"].into_iter().flat_map(|folder| below(&at_home(folder)));
    files.filter(|file| file.extension().is_some_and(|extension| extension == "md")).chain([at_home("README.md")]).collect()
}

/// What a page links to, from the page's folder, and the paths in its `code`, from the root.
fn places_named(page: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(page).unwrap();
    let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let links = links.filter(|link| !link.is_empty() && !link.contains("://")).map(|link| page.parent().unwrap().join(link));
    let paths = text.split('`').skip(1).step_by(2).filter(|code| {
        let is_path = ["src/", "proto/", "tests/", "benches/"].iter().any(|folder| code.starts_with(folder));
        is_path && !code.contains(['<', '*', '{', '…', ' ', ':'])
    });
    links.chain(paths.map(at_home)).collect()
}

#[test]
fn the_files_that_pages_name_are_there() {
    let mut missing = Vec::new();
    for page in pages() {
        let places = places_named(&page);
        missing.extend(places.iter().filter(|place| !place.exists()).map(|place| format!("{}: {}", page.display(), place.display())));
    }
    assert!(missing.is_empty(), "named on a page, but not there:\n{}", missing.join("\n"));
}
