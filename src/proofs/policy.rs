//! Whom to believe: policy files as C2SP's tlog-policy has them – logs, witnesses, groups of them, and a quorum.
//!
//! ```text
//! log ledger.example+0123abcd+AAAA…
//! witness w1 w1.example+89abcdef+BBBB… https://w1.example/
//! witness w2 w2.example+01234567+CCCC… https://w2.example/
//! group both 2 w1 w2
//! quorum both
//! ```

use super::checkpoint::Checkpoint;
use super::key::{KeyKind, NotSigned, VerifierKey};
use super::note::Note;
use std::collections::{BTreeSet, HashMap};

/// The largest policy, in bytes, and the most lines of a kind.
const MAX_BYTES: usize = 256 << 10;
const MAX_OF_A_KIND: usize = 1_024;

/// A witness of a policy.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Its name in the policy.
    pub name: String,
    /// What its cosignatures are checked by.
    pub key: VerifierKey,
    /// Where it is asked for them; `None` if the policy does not say.
    pub url: Option<String>,
}

/// A log of a policy.
#[derive(Clone, Debug)]
pub struct Log {
    /// What its checkpoints are checked by; its name is their origin.
    pub key: VerifierKey,
    /// What the policy says of where it is.
    pub url: Option<String>,
}

#[derive(Clone, Debug)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Clone, Debug)]
struct Group {
    threshold: usize,
    members: Vec<Member>,
}

/// Whom to believe.
#[derive(Clone, Debug)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    /// `None` if no cosignature is asked for.
    quorum: Option<Member>,
    /// The line of the quorum, from 1.
    quorum_line: usize,
}

/// What is wrong with a policy, and in which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadPolicy {
    /// The line, from 1; the number of lines if something is missing.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Who has cosigned a checkpoint, of the witnesses of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cosigned {
    /// The names of those that have, in the policy's order, with the time that they say, in seconds since 1970.
    pub by: Vec<(String, u64)>,
    /// Whether they are as many as the policy asks for.
    pub is_quorum: bool,
}

/// Why a checkpoint is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbelieved {
    /// It is malformed.
    #[error("{0}")]
    Malformed(String),
    /// Its origin is that of no log of the policy.
    #[error("its origin is {0}, and the policy has no log of that name")]
    UnknownLog(String),
    /// Its signature is missing or wrong.
    #[error(transparent)]
    Log(#[from] NotSigned),
    /// Too few witnesses have cosigned it.
    #[error("it has too few cosignatures for the quorum of the policy; it has those of: {}", if .0.is_empty() { "nobody" } else { .0 })]
    Quorum(String),
}

/// Names while a policy is read.
struct Names<'a>(HashMap<&'a str, Member>);

impl<'a> Names<'a> {
    fn add(&mut self, name: &'a str, member: Member) -> Result<(), String> {
        if name == "none" || self.0.insert(name, member).is_some() {
            return Err(format!("the name {name} is taken already"));
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Result<Member, String> {
        self.0.get(name).cloned().ok_or_else(|| format!("there is no witness or group {name} in the lines before"))
    }
}

impl Policy {
    /// Parses a policy.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, BadPolicy> {
        let mut policy = Self { logs: Vec::new(), witnesses: Vec::new(), groups: Vec::new(), quorum: None, quorum_line: 0 };
        let (mut names, mut has_quorum, mut members) = (Names(HashMap::new()), false, BTreeSet::new());
        let lines = text.lines().count().max(1);
        if text.len() > MAX_BYTES {
            return Err(BadPolicy { line: lines, what: format!("it has more than {MAX_BYTES} bytes") });
        }
        for (index, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            let at = |what: String| BadPolicy { line: index + 1, what };
            if line.contains(|letter: char| letter.is_control() && letter != '\t') {
                return Err(at("it has control characters".to_owned()));
            }
            match words.as_slice() {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["quorum", ..] if has_quorum => return Err(at("there is a quorum already".to_owned())),
                ["quorum", name] => {
                    policy.quorum = if *name == "none" { None } else { Some(names.find(name).map_err(at)?) };
                    (policy.quorum_line, has_quorum) = (index + 1, true);
                }
                ["log", vkey, url @ ..] if url.len() <= 1 => policy.add_log(vkey, url.first().copied()).map_err(at)?,
                ["witness", name, vkey, url @ ..] if url.len() <= 1 => {
                    names.add(name, Member::Witness(policy.witnesses.len())).map_err(at)?;
                    policy.add_witness(name, vkey, url.first().copied()).map_err(at)?;
                }
                ["group", name, threshold, of @ ..] => {
                    let group = policy.group(threshold, of, &names, &mut members).map_err(at)?;
                    names.add(name, Member::Group(policy.groups.len())).map_err(at)?;
                    policy.groups.push(group);
                }
                _ => return Err(at("it must be a log, a witness, a group or a quorum, as c2sp.org/tlog-policy has them".to_owned())),
            }
        }
        if !has_quorum {
            return Err(BadPolicy { line: lines, what: "a line `quorum NAME`, or `quorum none`, is missing".to_owned() });
        }
        Ok(policy)
    }

    fn add_log(&mut self, vkey: &str, url: Option<&str>) -> Result<(), String> {
        let key = key_of(vkey, KeyKind::Log)?;
        if self.logs.iter().any(|log| log.key.is_same_key(&key)) {
            return Err("this log is there already".to_owned());
        }
        within(self.logs.len())?;
        self.logs.push(Log { key, url: url.map(str::to_owned) });
        Ok(())
    }

    fn add_witness(&mut self, name: &str, vkey: &str, url: Option<&str>) -> Result<(), String> {
        let key = key_of(vkey, KeyKind::Cosigner)?;
        if let Some(url) = url.filter(|url| !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))) {
            return Err(format!("{url} must begin with https:// or http://"));
        }
        if self.witnesses.iter().any(|witness| witness.key.is_same_key(&key)) {
            return Err("this witness is there already, by another name".to_owned());
        }
        within(self.witnesses.len())?;
        self.witnesses.push(Witness { name: name.to_owned(), key, url: url.map(str::to_owned) });
        Ok(())
    }

    fn group<'a>(&self, threshold: &str, of: &[&'a str], names: &Names<'_>, taken: &mut BTreeSet<&'a str>) -> Result<Group, String> {
        let members = of.iter().map(|name| names.find(name)).collect::<Result<Vec<_>, _>>()?;
        if let Some(twice) = of.iter().find(|name| !taken.insert(name)) {
            return Err(format!("{twice} is in a group already, and each may be in one alone"));
        }
        let threshold = match threshold {
            "any" => 1,
            "all" => members.len(),
            number => number.parse().map_err(|_| format!("{number} must be a number, `any` or `all`"))?,
        };
        if threshold == 0 || threshold > members.len() {
            return Err(format!("{threshold} of {} members cannot be a group", members.len()));
        }
        within(self.groups.len())?;
        Ok(Group { threshold, members })
    }

    /// Its logs.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// Its witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether it asks for cosignatures.
    #[must_use]
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Checks that the witnesses that can be asked can be a quorum, and are needed for one.
    ///
    /// # Errors
    /// What is wrong with the line of the quorum.
    pub fn can_be_required(&self) -> Result<(), BadPolicy> {
        let wrong = |what: &str| Err(BadPolicy { line: self.quorum_line, what: what.to_owned() });
        let answering: Vec<Option<u64>> = self.witnesses.iter().map(|witness| witness.url.as_ref().map(|_| 0)).collect();
        match &self.quorum {
            None => wrong("`quorum none` asks for no cosignature, so that there is none to require: name a witness or a group"),
            Some(quorum) if !self.has(quorum, &answering) => {
                wrong("too few witnesses have an address, so that there would never be a quorum: add it at the end of their lines")
            }
            Some(_) => Ok(()),
        }
    }

    /// Says which of its witnesses have cosigned a note.
    #[must_use]
    pub fn cosigned(&self, note: &Note) -> Cosigned {
        let times: Vec<Option<u64>> = self.witnesses.iter().map(|witness| witness.key.check(note).ok()).collect();
        let by = self.witnesses.iter().zip(&times).filter_map(|(witness, time)| Some((witness.name.clone(), (*time)?))).collect();
        let is_quorum = self.quorum.as_ref().is_none_or(|quorum| self.has(quorum, &times));
        Cosigned { by, is_quorum }
    }

    /// Groups name only what stands before them, so this ends.
    fn has(&self, member: &Member, times: &[Option<u64>]) -> bool {
        match member {
            Member::Witness(index) => times[*index].is_some(),
            Member::Group(index) => {
                let Group { threshold, members } = &self.groups[*index];
                members.iter().filter(|member| self.has(member, times)).count() >= *threshold
            }
        }
    }

    /// Returns what a signed checkpoint says, if it is of a log of this policy, signed by it, and cosigned by a quorum.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn believe(&self, note: &Note) -> Result<(Checkpoint, Cosigned), Unbelieved> {
        let checkpoint = Checkpoint::parse(&note.text).map_err(|error| Unbelieved::Malformed(error.to_string()))?;
        let mut of_origin = self.logs.iter().filter(|log| log.key.name == checkpoint.origin).peekable();
        if of_origin.peek().is_none() {
            return Err(Unbelieved::UnknownLog(checkpoint.origin));
        }
        let outcomes: Vec<_> = of_origin.map(|log| log.key.check(note)).collect();
        // A log may have several keys while one takes the place of another; one that is wrong is wrong.
        if let Some(wrong) = outcomes.iter().find_map(|outcome| outcome.clone().err().filter(|error| matches!(error, NotSigned::Wrong(_))))
        {
            return Err(wrong.into());
        }
        if outcomes.iter().all(Result::is_err) {
            return Err(NotSigned::Absent(checkpoint.origin).into());
        }
        let cosigned = self.cosigned(note);
        if !cosigned.is_quorum {
            return Err(Unbelieved::Quorum(cosigned.by.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")));
        }
        Ok((checkpoint, cosigned))
    }
}

fn key_of(vkey: &str, kind: KeyKind) -> Result<VerifierKey, String> {
    let key = VerifierKey::parse(vkey).map_err(|error| format!("{vkey}: {error}"))?;
    if key.kind != kind {
        let (is, must) = match kind {
            KeyKind::Log => ("a witness", "a log"),
            KeyKind::Cosigner => ("a log", "a witness"),
        };
        return Err(format!("{vkey} is the key of {is}, and must be that of {must}"));
    }
    Ok(key)
}

fn within(count: usize) -> Result<(), String> {
    if count < MAX_OF_A_KIND { Ok(()) } else { Err(format!("more than {MAX_OF_A_KIND} of them are not taken")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::TreeHead;
    use crate::proofs::key::SecretKey;
    use std::fmt::Write as _;

    struct World {
        log: SecretKey,
        witnesses: Vec<SecretKey>,
        lines: String,
    }

    fn world() -> World {
        let log = SecretKey::make("ledger.example", KeyKind::Log).expect("a key");
        let witnesses: Vec<_> =
            (0..4).map(|number| SecretKey::make(&format!("w{number}.example"), KeyKind::Cosigner).expect("a key")).collect();
        let mut lines = format!("# whom we believe\n\nlog {} https://ledger.example/\n", log.verifier());
        for (number, key) in witnesses.iter().enumerate() {
            let _ = writeln!(lines, " witness\tw{number}  {} http://127.0.0.1:{number}/", key.verifier());
        }
        World { log, witnesses, lines }
    }

    fn note(world: &World, cosigners: &[usize]) -> Note {
        let text = Checkpoint { origin: "ledger.example".to_owned(), head: TreeHead { size: 5, root: [7; 32] } }.text();
        let mut signatures = vec![world.log.sign(&text, 0)];
        signatures.extend(cosigners.iter().map(|index| world.witnesses[*index].sign(&text, 100 + *index as u64)));
        Note { text, signatures }
    }

    #[test]
    fn quorums_are_counted_by_groups_of_groups() {
        let world = world();
        let rules = "group x 2 w0 w1 w2\ngroup y any w3\ngroup xy all x y\nquorum xy\n";
        let policy = Policy::parse(&(world.lines.clone() + rules)).expect("a policy");
        for (cosigners, is_quorum) in
            [(&[0, 1, 3][..], true), (&[0, 1, 2, 3], true), (&[0, 1, 2], false), (&[3], false), (&[2, 3], false), (&[], false)]
        {
            let note = note(&world, cosigners);
            let cosigned = policy.cosigned(&note);
            assert_eq!(cosigned.by, cosigners.iter().map(|index| (format!("w{index}"), 100 + *index as u64)).collect::<Vec<_>>());
            assert_eq!(policy.believe(&note).is_ok(), is_quorum, "{cosigners:?}");
        }
        let one = Policy::parse(&(world.lines.clone() + "quorum w2")).expect("a policy");
        assert!(one.believe(&note(&world, &[2])).is_ok());
        assert_eq!(one.believe(&note(&world, &[0])), Err(Unbelieved::Quorum("w0".to_owned())));
        let none = Policy::parse(&(world.lines.clone() + "quorum none\n")).expect("a policy");
        assert!(none.believe(&note(&world, &[])).is_ok() && !none.asks_for_witnesses());
    }

    #[test]
    fn witnesses_are_required_only_where_they_can_be() {
        let world = world();
        let of = |lines: &str, rest: &str| Policy::parse(&(lines.to_owned() + rest)).expect("a policy").can_be_required();
        assert_eq!(of(&world.lines, "group g 2 w0 w1\nquorum g"), Ok(()));
        let none = of(&world.lines, "quorum none").expect_err("it asks for nobody");
        assert!(none.line == 8 && none.what.contains("quorum none"), "{none}");
        let silent = world.lines.replace(" http://127.0.0.1:1/", "");
        let never = of(&silent, "group g 2 w0 w1\nquorum g").expect_err("one cannot be asked");
        assert!(never.line == 9 && never.what.contains("address"), "{never}");
        assert_eq!(of(&silent, "group g 1 w0 w1\nquorum g"), Ok(()));
    }

    #[test]
    fn the_log_itself_must_have_signed() {
        let world = world();
        let policy = Policy::parse(&(world.lines.clone() + "quorum none")).expect("a policy");
        let good = note(&world, &[]);
        let wrong = Note { text: good.text.replace("\n5\n", "\n6\n"), ..good.clone() };
        assert!(matches!(policy.believe(&wrong), Err(Unbelieved::Log(NotSigned::Wrong(_)))));
        let other = SecretKey::make("ledger.example", KeyKind::Log).expect("a key");
        let forged = Note { signatures: vec![other.sign(&good.text, 0)], ..good.clone() };
        assert!(matches!(policy.believe(&forged), Err(Unbelieved::Log(NotSigned::Absent(_)))));
        let elsewhere = Note { text: good.text.replace("ledger", "elsewhere"), ..good };
        assert_eq!(policy.believe(&elsewhere), Err(Unbelieved::UnknownLog("elsewhere.example".to_owned())));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let world = world();
        let (log, witness) = (world.log.verifier(), world.witnesses[0].verifier());
        let other = SecretKey::make("x.example", KeyKind::Cosigner).expect("a key");
        let of = |rest: &str| Policy::parse(&(world.lines.clone() + rest)).expect_err("wrong");
        for (rest, line, what) in [
            ("", 7, "quorum NAME"),
            ("quorum w9", 8, "no witness or group w9"),
            (&format!("witness x {} ftp://x/\nquorum none", other.verifier()), 8, "ftp://x/ must begin with https://"),
            ("quorum none\nquorum none", 9, "already"),
            ("group g 3 w0 w1\nquorum g", 8, "3 of 2"),
            ("group g 0 w0\nquorum g", 8, "0 of 1"),
            ("group g some w0\nquorum g", 8, "some must be"),
            ("group g any\nquorum g", 8, "1 of 0"),
            ("group g any w0\ngroup h any w0\nquorum g", 9, "w0 is in a group"),
            ("group w1 any w0\nquorum w1", 8, "w1 is taken"),
            ("group none any w0\nquorum none", 8, "none is taken"),
            ("group g any none\nquorum g", 8, "no witness or group none"),
            ("whatever", 8, "must be a log"),
            (&format!("log {log}\nquorum none"), 8, "already"),
            (&format!("log {witness}\nquorum none"), 8, "key of a witness"),
            (&format!("witness w9 {log}\nquorum none"), 8, "key of a log"),
            (&format!("witness w9 {witness}\nquorum none"), 8, "by another name"),
            ("witness w9 x+1+2\nquorum none", 8, "no key"),
        ] {
            let bad = of(rest);
            assert!(bad.line == line && bad.what.contains(what), "{rest}: {bad}");
        }
    }
}
