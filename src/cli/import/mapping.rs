//! The mapping file: which column of a spreadsheet is which field of an event, and how its cells are written.

use super::kinds::Kind;
use super::value::{AmountStyle, is_format};
use crate::cli::failure::Failure;
use chrono_tz::Tz;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A mapping file: how cells are written, and a table for each kind of row.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The separator of cells.
    #[serde(default = "comma")]
    pub separator: char,
    /// The time zone of times that name none.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// How times are written.
    #[serde(default)]
    pub dates: Vec<String>,
    /// Whether years are those of the Buddhist era.
    #[serde(default)]
    pub buddhist_era: bool,
    /// The decimal separator of amounts.
    #[serde(default)]
    pub decimal: Option<char>,
    /// The thousands separator.
    #[serde(default)]
    pub thousands: Option<char>,
    /// What may stand around an amount.
    #[serde(default)]
    pub strip: Vec<String>,
    partners: Option<Table>,
    leads: Option<Table>,
    sales: Option<Table>,
    receipts: Option<Table>,
    refunds: Option<Table>,
    voids: Option<Table>,
    adjustments: Option<Table>,
    payments: Option<Table>,
    settlements: Option<Table>,
}

/// How rows of one kind are read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Where each field comes from.
    pub fields: BTreeMap<String, Source>,
    /// Rows with one of these cells are left out.
    #[serde(default)]
    pub skip: BTreeMap<String, Vec<String>>,
    /// Only rows with one of these cells are taken.
    #[serde(default)]
    pub keep: BTreeMap<String, Vec<String>>,
    /// The fields that make up a row's identity; empty: the kind's own id.
    #[serde(default)]
    pub identity: Vec<String>,
}

/// Where a field comes from.
#[derive(Clone, Debug, Default)]
pub struct Source(pub Settings);

/// A source in full.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The column, by its name in the first row; of several the cells are joined by a space.
    #[serde(deserialize_with = "columns")]
    pub column: Option<Vec<String>>,
    /// A value for every row.
    pub constant: Option<String>,
    /// The value of an empty cell.
    pub default: Option<String>,
    /// Values that replace the text of cells.
    pub values: BTreeMap<String, String>,
    /// A prefix of the value.
    pub prefix: String,
    /// Whether any text is made an id.
    pub escape: bool,
    /// The separator of a list's items.
    pub split: Option<String>,
    /// Whether an amount counts minor units.
    pub minor_units: bool,
    /// As in the mapping, for this field alone.
    pub decimal: Option<char>,
    /// As in the mapping, for this field alone.
    pub thousands: Option<char>,
    /// As in the mapping, for this field alone.
    pub strip: Option<Vec<String>>,
    /// As in the mapping, for this field alone.
    pub dates: Option<Vec<String>>,
    /// As in the mapping, for this field alone.
    pub time_zone: Option<String>,
    /// As in the mapping, for this field alone.
    pub buddhist_era: Option<bool>,
}

/// One name, or a list of them.
fn columns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "the name of a column, or a list of names")]
    enum Columns {
        One(String),
        Several(Vec<String>),
    }
    Ok(Some(match Columns::deserialize(deserializer)? {
        Columns::One(column) => vec![column],
        Columns::Several(columns) => columns,
    }))
}

fn comma() -> char {
    ','
}

impl<'de> Deserialize<'de> for Source {
    /// The name of a column alone, or a table with more.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column, or a table with column or constant")
            }

            fn visit_str<E: de::Error>(self, column: &str) -> Result<Source, E> {
                Ok(Source(Settings { column: Some(vec![column.to_owned()]), ..Settings::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
                Settings::deserialize(MapAccessDeserializer::new(map)).map(Source)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Mapping {
    /// Reads a mapping file.
    pub fn load(file: &Path) -> Result<Self, Failure> {
        let bad = |what: String| Failure::usage(format!("mapping {}: {what}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
        let mapping: Self = toml::from_str(&text).map_err(|error| bad(error.to_string().trim_end().to_owned()))?;
        mapping.check().map_err(bad)?;
        Ok(mapping)
    }

    /// The table of a kind.
    pub fn table(&self, kind: Kind) -> Result<&Table, Failure> {
        let table = match kind {
            Kind::Partners => &self.partners,
            Kind::Leads => &self.leads,
            Kind::Sales => &self.sales,
            Kind::Receipts => &self.receipts,
            Kind::Refunds => &self.refunds,
            Kind::Voids => &self.voids,
            Kind::Adjustments => &self.adjustments,
            Kind::Payments => &self.payments,
            Kind::Settlements => &self.settlements,
        };
        table.as_ref().ok_or_else(|| Failure::usage(format!("the mapping has no table [{0}.fields]; add it to import {0}", kind.name())))
    }

    fn check(&self) -> Result<(), String> {
        if !self.separator.is_ascii() {
            return Err("separator must be one ASCII character, such as \",\", \";\" or \"\\t\"".to_owned());
        }
        check_styles(self.time_zone.as_deref(), &self.dates, self.decimal, self.thousands)?;
        let tables = [
            (Kind::Partners, &self.partners),
            (Kind::Leads, &self.leads),
            (Kind::Sales, &self.sales),
            (Kind::Receipts, &self.receipts),
            (Kind::Refunds, &self.refunds),
            (Kind::Voids, &self.voids),
            (Kind::Adjustments, &self.adjustments),
            (Kind::Payments, &self.payments),
            (Kind::Settlements, &self.settlements),
        ];
        for (kind, table) in tables {
            if let Some(table) = table {
                check_table(kind, table)
                    .and_then(|()| self.check_amounts(kind, table))
                    .map_err(|what| format!("[{}]: {what}", kind.name()))?;
            }
        }
        Ok(())
    }

    /// Refuses one separator for decimals and thousands: 1.000 would be a thousand or one.
    fn check_amounts(&self, kind: Kind, table: &Table) -> Result<(), String> {
        for (field, Source(source)) in table.fields.iter().filter(|(field, _)| kind.is_amount(field)) {
            let AmountStyle { decimal, thousands, .. } = self.amount_style(source);
            if thousands == Some(decimal) {
                let other = if decimal == '.' { ',' } else { '.' };
                return Err(format!(
                    "{field}: thousands is \"{decimal}\", and so is decimal, which is \".\" if left out; \
                     name both for what they are, such as decimal = \"{other}\" and thousands = \"{decimal}\""
                ));
            }
        }
        Ok(())
    }

    /// How the amounts of a field are written: as the field says, or else the mapping.
    pub fn amount_style(&self, settings: &Settings) -> AmountStyle {
        AmountStyle {
            decimal: settings.decimal.or(self.decimal).unwrap_or('.'),
            thousands: settings.thousands.or(self.thousands),
            strip: settings.strip.as_ref().unwrap_or(&self.strip).clone(),
            minor_units: settings.minor_units,
        }
    }
}

fn check_table(kind: Kind, table: &Table) -> Result<(), String> {
    for (field, Source(source)) in &table.fields {
        if !kind.has_field(field) {
            return Err(format!("{field} is no field of {}; there are {}, and metadata.NAME", kind.name(), kind.field_names().join(", ")));
        }
        if source.column.as_ref().is_some_and(|columns| !columns.is_empty()) == source.constant.is_some() {
            return Err(format!("{field} needs a column or a constant, and not both"));
        }
        let dates = source.dates.as_deref().unwrap_or_default();
        check_styles(source.time_zone.as_deref(), dates, source.decimal, source.thousands).map_err(|what| format!("{field}: {what}"))?;
    }
    if let Some(missing) = kind.required().find(|name| !table.fields.contains_key(*name)) {
        return Err(format!("the field {missing} is required; name its column"));
    }
    match table.identity.iter().find(|name| !table.fields.contains_key(*name)) {
        Some(unknown) => Err(format!("identity names {unknown}, which is not among the fields")),
        None => Ok(()),
    }
}

fn check_styles(zone: Option<&str>, dates: &[String], decimal: Option<char>, thousands: Option<char>) -> Result<(), String> {
    if let Some(zone) = zone.filter(|zone| zone.parse::<Tz>().is_err()) {
        return Err(format!("time_zone {zone} is no IANA name such as Asia/Bangkok"));
    }
    if let Some(format) = dates.iter().find(|format| !is_format(format)) {
        return Err(format!("{format} is no form of dates such as %d/%m/%Y, unix or unix_ms"));
    }
    if decimal.is_some() && decimal == thousands {
        return Err("decimal and thousands must not be the same".to_owned());
    }
    Ok(())
}
