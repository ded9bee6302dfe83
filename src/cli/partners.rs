//! `partners`: the partners, in the order they were registered, or by name.

use super::choice;
use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE, each_page};
use super::moment::Moment;
use super::table::Table;
use super::text::{line, list, optional};
use partnership_ledger::proto::{ListPartnersRequest, Partner, PartnerFit, PartnerKind};

#[derive(clap::Args)]
pub struct Args {
    /// Only of this kind: reseller, affiliate, technology, agency, media, joint-venture or other
    #[arg(long, value_name = "KIND", value_parser = choice::parse::<PartnerKind>)]
    kind: Option<i32>,
    /// Only with this category
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// By name, as a dictionary of the language has them, instead of in the order they were registered
    #[arg(long)]
    by_name: bool,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let header = columns![
        language; "column-partner", "partners-name", "partners-kind", "partners-categories", "partners-country",
        "partners-registered", "partners-agreements", "partners-fit"
    ];
    // JSON is the same in every language, its order as well.
    let order = if session.out.json { Language::English } else { language };
    let mut all: Vec<Partner> = Vec::new();
    let options = args.moment.options(session).await?;
    let mut client = session.partnership().await?;
    let mut listing = Listing::of(&mut session.out, "partners", header);
    each_page(async |page_token| {
        let request = ListPartnersRequest {
            kind: args.kind.unwrap_or_default(),
            category: args.category.clone(),
            page_size: PAGE_SIZE,
            page_token,
            options: Some(options),
        };
        let page = client.list_partners(request).await?.into_inner();
        page.partners.iter().for_each(|partner| listing.leaves_out(partner.entries_left_out));
        if args.by_name {
            // Only a list that is whole can be sorted.
            all.extend(page.partners);
            if page.next_page_token.is_empty() {
                all.sort_by(|left, right| order.compare_names(&left.display_name, &right.display_name));
                listing.page(&all, page.position, |table, partner| row(language, table, partner))?;
            }
        } else {
            listing.page(&page.partners, page.position, |table, partner| row(language, table, partner))?;
        }
        Ok(page.next_page_token)
    })
    .await?;
    listing.end(&say!(language, "partners-none"))
}

fn row(language: Language, table: &mut Table, partner: &Partner) {
    table.row([
        line(&partner.partner_id),
        line(&partner.display_name),
        language.word::<PartnerKind>(partner.kind),
        list(&partner.categories),
        optional(partner.country_code.as_ref()),
        language.time(partner.registered_at.as_ref()),
        list(&partner.agreement_ids),
        partner.fit.as_ref().map(|fit| fits(language, fit)).unwrap_or_default(),
    ]);
}

fn fits(language: Language, fit: &PartnerFit) -> String {
    if fit.competitor {
        say!(language, "partners-competes")
    } else if fit.fits {
        say!(language, "partners-fits")
    } else {
        say!(language, "partners-fits-not")
    }
}
