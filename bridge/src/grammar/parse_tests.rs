use proptest::prelude::*;

use super::*;

fn act(number: i64, deed: Deed) -> Command {
    Command::Act { number, deed }
}

fn why(text: &str) -> String {
    match parse(text) {
        Err(Misread::Wrong { why, .. }) => why,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn numbers_are_read_with_and_without_a_hash_and_whatever_the_blanks() {
    for text in [
        "ack 12",
        "ack #12",
        "ACK  #12",
        "\u{a0}ack\u{a0}# 12",
        "acknowledge 12.",
        "Ack\u{3000}12 please",
    ] {
        assert_eq!(parse(text), Ok(act(12, Deed::Acknowledge)), "{text}");
    }
    for text in [
        "ack",
        "ack x",
        "ack #",
        "ack 0",
        "ack -1",
        "ack 99999999999",
        "ack 1x",
        "show",
        "resolve because",
    ] {
        assert!(why(text).contains("number"), "{text}");
    }
}

#[test]
fn notes_are_kept_as_they_are_but_for_quotes_around_them() {
    let note = |text: &str| Deed::Note {
        text: text.to_owned(),
    };
    assert_eq!(parse("note 3 “it's  back”"), Ok(act(3, note("it's  back"))));
    assert_eq!(
        parse("note 3 say \"hi\" to \"them\""),
        Ok(act(3, note("say \"hi\" to \"them\"")))
    );
    assert_eq!(parse("note 3 a\nb"), Ok(act(3, note("a\nb"))));
    assert!(why("note 3 “”").contains("empty"));
    assert_eq!(parse("resolve 3"), Ok(act(3, Deed::Resolve { note: None })));
    let resolved = Deed::Resolve {
        note: Some("Rolled back.".to_owned()),
    };
    assert_eq!(parse("resolve #3 Rolled back."), Ok(act(3, resolved)));
}

#[test]
fn a_snooze_is_a_time_up_to_thirty_days() {
    let minutes = |text: &str| match parse(text) {
        Ok(Command::Act {
            deed: Deed::Snooze { pause },
            ..
        }) => pause.whole_minutes(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(minutes("snooze 1 30m"), 30);
    assert_eq!(minutes("snooze 1 2H"), 120);
    assert_eq!(minutes("snooze 1 for 1h 30 min"), 90);
    assert_eq!(minutes("snooze 1 30d"), 43_200);
    assert!(why("snooze 1 31d").contains("30 days"));
    for text in [
        "snooze 1",
        "snooze 1 30",
        "snooze 1 m",
        "snooze 1 0m",
        "snooze 1 soon",
        "snooze 1 99999999999999999999d",
    ] {
        assert!(why(text).contains("30m"), "{text}");
    }
    assert!(
        why("snooze 1 9999999999999d").contains("30"),
        "too long in any case"
    );
}

#[test]
fn people_are_named_by_mention_name_or_address() {
    let to = |text: &str| match parse(text) {
        Ok(Command::Act {
            deed: Deed::Assign { to },
            ..
        }) => to,
        other => panic!("{text}: {other:?}"),
    };
    let name = |name: &str| Assignee::Name(name.to_owned());
    let slack = |id: &str| Assignee::Slack(id.to_owned());
    let email = Assignee::Email("ada@example.com".to_owned());
    assert_eq!(
        to("assign 1 <@U1|ada lovelace> <@W2>"),
        [slack("U1"), slack("W2")]
    );
    assert_eq!(to("assign 1 @ada"), [name("ada")]);
    assert_eq!(
        to("assign 1 to @Ada Lovelace, @bob"),
        [name("Ada Lovelace"), name("bob")]
    );
    assert_eq!(
        to("assign 1 <mailto:Ada@example.com|Ada@example.com>"),
        std::slice::from_ref(&email)
    );
    assert_eq!(to("assign 1 ada@example.com and me"), [email, Assignee::Me]);
    assert!(why("assign 1").contains("somebody"));
}

#[test]
fn filters_are_read_and_others_are_refused() {
    let filters = Filters {
        mine: true,
        urgencies: vec![Urgency::High, Urgency::Low],
        severities: vec![Severity::Sev1],
        service: Some("Payments API".to_owned()),
        ..Filters::default()
    };
    assert_eq!(
        parse("list mine High urgency:low sev1 service:“Payments API”"),
        Ok(Command::List(filters))
    );
    let resolved = Filters {
        statuses: vec![IncidentStatus::Resolved],
        ..Filters::default()
    };
    assert_eq!(parse("ls resolved"), Ok(Command::List(resolved)));
    assert!(why("list yours").contains("yours"));
    assert!(why("list 1").contains('1'));
}

#[test]
fn a_new_incident_is_told_in_part_or_whole() {
    let given = |text: &str| match parse(text) {
        Ok(Command::Create(given)) => given,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(given("create"), Given::default());
    assert_eq!(
        given("create “Cards &amp; <@U1|ada> fail”").title.as_deref(),
        Some("Cards & @ada fail")
    );
    let whole = given("create Cards fail service:payments urgency:high severity:2");
    assert_eq!(whole.title.as_deref(), Some("Cards fail"));
    assert_eq!(whole.service.as_deref(), Some("payments"));
    assert_eq!(
        (whole.urgency, whole.severity),
        (Some(Urgency::High), Some(Severity::Sev2))
    );
    assert_eq!(
        given("create high load: 3 hosts").title.as_deref(),
        Some("high load: 3 hosts")
    );
    assert!(why("create x urgency:huge").contains("high"));
}

#[test]
fn what_is_unknown_says_what_is_close_to_it() {
    let close = |text: &str| match parse(text) {
        Err(Misread::Unknown { close, .. }) => close,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(close("akc 3"), Some(Verb::Acknowledge));
    assert_eq!(close("resolv 3"), Some(Verb::Resolve));
    assert_eq!(close("whomai"), Some(Verb::WhoAmI));
    assert_eq!(close("lsit"), Some(Verb::List));
    assert_eq!(close("supercalifragilistic"), None);
    assert_eq!(parse("  "), Ok(Command::Help));
    assert_eq!(parse("HELP me"), Ok(Command::Help));
}

proptest! {
    #[test]
    fn anything_at_all_is_read(text in any::<String>()) {
        let _ = parse(&text);
        let _ = plain(&text);
    }

    #[test]
    fn anything_like_a_command_is_read(text in "(create|list|ack|resolve|note|assign|snooze|show) [#0-9a-z <>@|:“”\"\u{a0}.,&;-]{0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn a_number_is_the_same_with_a_hash(number in 1_i32..=i32::MAX, blank in "[ \t\u{a0}\u{2003}]{1,3}") {
        prop_assert_eq!(parse(&format!("show{blank}{number}")), Ok(Command::Show(number.into())));
        prop_assert_eq!(parse(&format!("show{blank}#{number}")), Ok(Command::Show(number.into())));
    }

    #[test]
    fn every_subcommand_is_close_to_itself_misspelt(which in 0_usize..13, at in 0_usize..4) {
        let verb = Verb::ALL[which];
        let name = verb.names()[0];
        prop_assume!(name.len() > 4 && at + 1 < name.len());
        let mut letters: Vec<char> = name.chars().collect();
        letters.swap(at, at + 1);
        let word: String = letters.into_iter().collect();
        prop_assume!(word != name && Verb::named(&word).is_none());
        prop_assert_eq!(Verb::close_to(&word), Some(verb));
    }
}
