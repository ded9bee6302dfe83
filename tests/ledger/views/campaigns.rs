//! Campaigns as they are shown: state, what was delivered, paid, measured and allocated, at any time.

use crate::common::facts::{cost, day, delivered, measured, planned, referred_through, registered, signed, taking, terminated, terms};
use crate::common::story::Story;
use crate::views::answers::ask;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::domain::rejection::Rejection;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, AcquiredBy, CampaignState, CampaignType, CampaignsAtEnd, GetCampaignRequest, ListCampaignsRequest};
use partnership_ledger::queries::campaigns::{GetCampaign, ListCampaigns};

fn shown(story: &Story, date: &str) -> proto::Campaign {
    let request = GetCampaignRequest { campaign_id: "webinar".into(), options: None };
    ask::<GetCampaign>(story, story.seen(date), &request).expect("it is known").campaign.expect("a campaign")
}

fn story() -> Story {
    let stops = proto::Terms { campaigns_at_end: CampaignsAtEnd::Stop as i32, ..terms() };
    Story::default()
        .on("2025-01-01", registered("acme"))
        .on("2025-01-01", signed("a", "acme", stops))
        .on("2025-01-10", planned("webinar", &["a"]))
        .on("2025-02-01", Body::CampaignStarted(proto::CampaignStarted { campaign_id: "webinar".into() }))
        .on("2025-02-02", delivered("webinar", "slides"))
        .on("2025-02-03", cost("c1", "webinar", Some("a"), 100))
        .on("2025-02-04", referred_through("webinar", "l1", Some("a"), AcquiredBy::Joint))
        .on("2025-02-04", referred_through("webinar", "l2", Some("a"), AcquiredBy::Joint))
        .on("2025-02-04", referred_through("webinar", "l3", Some("a"), AcquiredBy::Joint))
        .on("2025-02-05", measured("webinar", Some("a"), [None, Some(40)], Some(7)))
        .on("2025-02-06", measured("webinar", Some("a"), [Some(9), Some(50)], None))
        .on("2025-03-01", terminated("a"))
}

#[test]
fn a_campaign_shows_what_became_of_its_plan() {
    let campaign = shown(&story(), "2025-02-28");
    assert_eq!((campaign.state(), campaign.r#type()), (CampaignState::Running, CampaignType::JointWebinar));
    assert_eq!((campaign.title.as_str(), campaign.position), ("Webinar", 3));
    assert_eq!(campaign.participants.iter().map(|participant| participant.cost_share_bps).collect::<Vec<_>>(), [5_000, 5_000]);
    let deliverables: Vec<_> = campaign.deliverables.iter().map(|known| (known.completed_at, known.completed_position)).collect();
    assert_eq!(deliverables, [(Some(timestamp(day("2025-02-02"))), Some(5)), (None, None)]);
    assert_eq!(
        campaign.costs.iter().map(|cost| (cost.cost_id.as_str(), cost.paid_by.clone())).collect::<Vec<_>>(),
        [("c1", Some(taking(Some("a"))))]
    );
    let leads: Vec<_> = campaign.joint_leads.iter().map(|leads| (leads.participant.clone(), leads.leads)).collect();
    assert_eq!(leads, [(Some(taking(None)), 2), (Some(taking(Some("a"))), 1)], "the first goes to the house");
    assert_eq!(campaign.reach.len(), 1, "only the partner measured");
    let reach = &campaign.reach[0];
    assert_eq!(
        (reach.house_audience, reach.partner_audience, reach.registrations),
        (Some(9), Some(50), Some(7)),
        "the latest of each number"
    );
}

#[test]
fn a_campaign_is_planned_running_and_stopped_by_time() {
    let story = story();
    assert_eq!(shown(&story, "2025-01-31").state(), CampaignState::Planned);
    assert_eq!(shown(&story, "2025-01-31").started_at, None);
    assert_eq!(shown(&story, "2025-02-28").stopped_at, None, "the end is not known yet");
    let stopped = shown(&story, "2025-03-01");
    assert_eq!((stopped.state(), stopped.stopped_at), (CampaignState::Stopped, Some(timestamp(day("2025-03-01")))));
    let ended = proto::CampaignEnded { campaign_id: "webinar".into(), summary: "it went well".into() };
    let story = story.on("2025-04-01", Body::CampaignEnded(ended));
    let ended = shown(&story, "2025-04-01");
    assert_eq!((ended.state(), ended.summary.as_str()), (CampaignState::Ended, "it went well"));
    assert_eq!(shown(&story, "2025-03-31").summary, "");
}

#[test]
fn a_campaign_is_not_known_before_its_plan() {
    let story = story();
    let request = GetCampaignRequest { campaign_id: "webinar".into(), options: None };
    let refusal = ask::<GetCampaign>(&story, story.seen("2025-01-09"), &request).expect_err("not planned yet");
    assert!(matches!(refusal, Rejection::UnknownId { .. }), "{refusal}");
}

#[test]
fn campaigns_are_listed_by_what_they_are_and_who_takes_part() {
    let story = story()
        .on("2025-01-01", registered("beta"))
        .on("2025-01-01", signed("b", "beta", terms()))
        .on("2025-01-20", planned("booth", &["b"]))
        .on("2025-01-20", planned("both", &["a", "b"]));
    let listed = |request: ListCampaignsRequest| {
        let answer = ask::<ListCampaigns>(&story, story.seen("2025-02-28"), &request).expect("an answer");
        let ids: Vec<_> = answer.campaigns.iter().map(|campaign| campaign.campaign_id.clone()).collect();
        (ids.join(" "), answer.next_page_token)
    };
    let all = || ListCampaignsRequest::default();
    assert_eq!(listed(all()).0, "webinar booth both");
    assert_eq!(listed(ListCampaignsRequest { agreement_id: Some("b".into()), ..all() }).0, "booth both");
    assert_eq!(listed(ListCampaignsRequest { state: CampaignState::Running as i32, ..all() }).0, "webinar");
    assert_eq!(listed(ListCampaignsRequest { r#type: CampaignType::BundleOffer as i32, ..all() }).0, "");
    let (first, page_token) = listed(ListCampaignsRequest { page_size: 2, ..all() });
    let rest = listed(ListCampaignsRequest { page_size: 2, page_token, ..all() });
    assert_eq!((first.as_str(), rest), ("webinar booth", ("both".to_owned(), String::new())));
}
