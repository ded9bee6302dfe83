//! Who sends a document out: the house, by the name and the address that partners know. The ledger itself knows neither.

use super::language::{Language, say};
use super::text::line;
use serde_json::{Value, json};

/// The house as documents name it.
#[derive(clap::Args)]
pub struct House {
    /// The name of who issues the document
    #[arg(long, value_name = "NAME", env = "PARTNERSHIP_LEDGER_HOUSE_NAME")]
    pub house_name: Option<String>,
    /// Its address; lines end at a line break or a semicolon
    #[arg(long, value_name = "ADDRESS", env = "PARTNERSHIP_LEDGER_HOUSE_ADDRESS")]
    pub house_address: Option<String>,
}

impl House {
    /// What a document says of it at its head: names and values.
    pub fn facts(&self, language: Language) -> Vec<(String, String)> {
        let name = said(self.house_name.as_deref()).map(|name| (say!(language, "house-name"), name));
        let address = said(self.house_address.as_deref()).map(|address| (say!(language, "house-address"), address));
        name.into_iter().chain(address).collect()
    }

    /// The same for programs; null where nothing is said.
    pub fn document(&self) -> Value {
        json!({"name": said(self.house_name.as_deref()), "address": said(self.house_address.as_deref())})
    }
}

/// A text on one line, its own lines separated by commas; `None` if nothing is left of it.
fn said(text: Option<&str>) -> Option<String> {
    let lines: Vec<String> = text?.split(['\n', ';']).map(|part| line(part.trim())).filter(|part| !part.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_several_lines_is_written_on_one() {
        assert_eq!(said(Some("1 Main Road;\n Bangkok 10110\r\n")).as_deref(), Some("1 Main Road, Bangkok 10110"));
        assert_eq!((said(Some(" ")), said(None)), (None, None));
    }
}
