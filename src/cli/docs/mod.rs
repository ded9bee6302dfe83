//! `docs`: the contract's reference – every call, message, field and value with what it means, and every refusal – as Markdown, made of
//! the descriptor that the server serves.

mod refusals;

use super::failure::Failure;
use super::output::Output;
use partnership_ledger::proto::COMMENTED;
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet, MessageOptions,
    OneofDescriptorProto, ServiceDescriptorProto,
};
use refusals::REFUSALS;
use std::collections::HashMap;
use std::fmt::Write as _;

/// The package of all names of the contract.
const PACKAGE: &str = ".partnership.ledger.v1.";

// Numbers of fields in `google.protobuf.descriptor`, of which the paths of comments are made.
const FILE_MESSAGE: i32 = 4;
const FILE_ENUM: i32 = 5;
const FILE_SERVICE: i32 = 6;
const MESSAGE_FIELD: i32 = 2;
const ENUM_VALUE: i32 = 2;
const SERVICE_METHOD: i32 = 2;

pub fn run(out: &mut Output) -> Result<(), Failure> {
    out.line(reference().trim_end())
}

/// The whole page.
fn reference() -> String {
    let set = FileDescriptorSet::decode(COMMENTED).expect("the build made the contract's files");
    let files: Vec<File> = set.file.iter().map(File::of).collect();
    let mut text = format!("# The contract of partnership-ledger {}\n\nPackage `partnership.ledger.v1`. ", env!("CARGO_PKG_VERSION"));
    text.push_str("\"Rules 6.5\" is a section of the rules, `src/domain/RULES.md`. Made by `partnership-ledger docs`.\n\n## Calls\n");
    files.iter().for_each(|file| file.write_services(&mut text));
    text.push_str("\n## Messages\n");
    files.iter().for_each(|file| file.write_messages(&mut text));
    text.push_str("\n## Enums\n");
    files.iter().for_each(|file| file.write_enums(&mut text));
    text.push_str("\n## Refusals\n\nEach is a status with `google.rpc.ErrorInfo {reason, domain: \"partnership-ledger\", metadata}`; an error means that nothing of the request was\nrecorded, except `UNAVAILABLE` and `DEADLINE_EXCEEDED`, after which the same request may be sent again.\n\n| reason | status | when, and what to do |\n|---|---|---|\n");
    for (reason, status, meaning) in REFUSALS {
        let _ = writeln!(text, "| `{reason}` | `{status}` | {meaning} |");
    }
    text
}

/// A file of the contract with its comments by path.
struct File<'a> {
    file: &'a FileDescriptorProto,
    comments: HashMap<&'a [i32], String>,
}

impl<'a> File<'a> {
    fn of(file: &'a FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let comments = locations.map(|location| {
            let words = location.leading_comments().split_whitespace();
            (&location.path[..], words.collect::<Vec<_>>().join(" "))
        });
        Self { file, comments: comments.filter(|(_, comment)| !comment.is_empty()).collect() }
    }

    /// A comment, as a cell of a table has it.
    fn comment(&self, path: &[i32]) -> String {
        self.comments.get(path).map(|comment| comment.replace('|', "\\|")).unwrap_or_default()
    }

    fn write_services(&self, text: &mut String) {
        for (index, service) in numbered(&self.file.service) {
            self.write_service(index, service, text);
        }
    }

    fn write_service(&self, index: i32, service: &ServiceDescriptorProto, text: &mut String) {
        let _ = writeln!(
            text,
            "\n### {}\n\n{}\n\n| call | request | answer | |\n|---|---|---|---|",
            service.name(),
            self.comment(&[FILE_SERVICE, index])
        );
        for (place, method) in numbered(&service.method) {
            let stream = |is_stream| if is_stream { "stream of " } else { "" };
            let request = format!("{}{}", stream(method.client_streaming()), linked(method.input_type()));
            let answer = format!("{}{}", stream(method.server_streaming()), linked(method.output_type()));
            let comment = self.comment(&[FILE_SERVICE, index, SERVICE_METHOD, place]);
            let _ = writeln!(text, "| `{}` | {request} | {answer} | {comment} |", method.name());
        }
    }

    fn write_messages(&self, text: &mut String) {
        for (index, message) in numbered(&self.file.message_type) {
            self.write_message(index, message, text);
        }
    }

    fn write_message(&self, index: i32, message: &DescriptorProto, text: &mut String) {
        let _ = writeln!(text, "\n### {}\n\n{}", message.name(), self.comment(&[FILE_MESSAGE, index]));
        if message.field.is_empty() {
            return;
        }
        text.push_str("\n| field | type | |\n|---|---|---|\n");
        for (place, field) in numbered(&message.field) {
            let comment = self.comment(&[FILE_MESSAGE, index, MESSAGE_FIELD, place]);
            let _ = writeln!(text, "| `{}` = {} | {} | {comment} |", field.name(), field.number(), type_of(field, message));
        }
    }

    fn write_enums(&self, text: &mut String) {
        for (index, kind) in numbered(&self.file.enum_type) {
            self.write_enum(index, kind, text);
        }
    }

    fn write_enum(&self, index: i32, kind: &EnumDescriptorProto, text: &mut String) {
        let _ = writeln!(text, "\n### {}\n\n{}\n\n| value | |\n|---|---|", kind.name(), self.comment(&[FILE_ENUM, index]));
        for (place, value) in numbered(&kind.value) {
            let comment = self.comment(&[FILE_ENUM, index, ENUM_VALUE, place]);
            let _ = writeln!(text, "| `{}` = {} | {comment} |", value.name(), value.number());
        }
    }
}

/// Items with their places, as paths have them.
fn numbered<T>(items: &[T]) -> impl Iterator<Item = (i32, &T)> {
    (0..).zip(items)
}

/// A field's type, with how often it is there.
fn type_of(field: &FieldDescriptorProto, message: &DescriptorProto) -> String {
    let name = match field.r#type() {
        Type::Message | Type::Enum => linked(field.type_name()),
        kind => kind.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    let nested = message.nested_type.iter().find(|nested| field.type_name().ends_with(&format!(".{}", nested.name())));
    if let Some(entry) = nested.filter(|nested| nested.options.as_ref().is_some_and(MessageOptions::map_entry)) {
        let part = |index: usize| entry.field.get(index).map(|field| type_of(field, entry)).unwrap_or_default();
        return format!("map of {} to {}", part(0), part(1));
    }
    match (field.label(), field.oneof_index) {
        (Label::Repeated, _) => format!("list of {name}"),
        (_, Some(_)) if field.proto3_optional() => format!("{name}, may be absent"),
        (_, Some(index)) => {
            let oneof = usize::try_from(index).ok().and_then(|index| message.oneof_decl.get(index));
            format!("{name}, one of `{}`", oneof.map(OneofDescriptorProto::name).unwrap_or_default())
        }
        _ => name,
    }
}

/// The name of a message or an enum, with a link to it if it is one of the contract's.
fn linked(name: &str) -> String {
    match name.strip_prefix(PACKAGE) {
        Some(name) => format!("[{name}](#{})", name.to_lowercase()),
        None => format!("`{}`", name.trim_start_matches('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everything_in_the_contract_is_on_the_page_and_explained() {
        let set = FileDescriptorSet::decode(COMMENTED).expect("the contract");
        let page = reference();
        for file in &set.file {
            let names = file.service.iter().map(ServiceDescriptorProto::name).chain(file.message_type.iter().map(DescriptorProto::name));
            for name in names.chain(file.enum_type.iter().map(EnumDescriptorProto::name)) {
                assert!(page.contains(&format!("\n### {name}\n\n")), "{name}");
            }
        }
        // A row that ends in an empty cell is not explained, and a link leads to a heading.
        for line in page.lines().filter(|line| line.starts_with("| `")) {
            assert!(!line.ends_with("|  |"), "{line}");
        }
        let headings: BTreeSet<String> = page.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_lowercase).collect();
        for link in page.split("](#").skip(1) {
            let target = link.split(')').next().unwrap_or_default();
            assert!(headings.contains(target), "{target}");
        }
    }

    #[test]
    fn every_refusal_of_the_domain_is_on_the_page() {
        let source = include_str!("../../domain/rejection.rs");
        let codes = source.lines().filter_map(|line| line.trim().split_once(" => \"")).filter_map(|(_, code)| code.strip_suffix("\","));
        let known: BTreeSet<&str> = REFUSALS.iter().map(|(reason, ..)| *reason).collect();
        let codes: BTreeSet<&str> = codes.collect();
        assert!(codes.len() > 30, "the codes are found: {codes:?}");
        assert!(codes.is_subset(&known), "{:?}", codes.difference(&known).collect::<Vec<_>>());
        assert_eq!(known.len(), REFUSALS.len(), "each once");
    }
}
