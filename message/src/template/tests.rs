//! Which templates are good, what they say, and that nothing foreign becomes markup.

use proptest::prelude::*;

use super::{Template, TemplateFacts, TemplateField, VARIABLES};

fn titled(title: &str) -> Template {
    Template {
        title: Some(title.to_owned()),
        ..Template::default()
    }
}

/// What a title says of an incident.
fn said(title: &str, facts: &TemplateFacts) -> String {
    let rendered = titled(title).render(facts).expect("a good template");
    rendered.title["text"]["text"]
        .as_str()
        .expect("a text")
        .to_owned()
}

#[test]
fn templates_say_what_they_are_told_to() {
    let facts = TemplateFacts::full();
    for (title, expected) in [
        (
            "{{ incident.key }} *{{ incident.title | upper }}*",
            "#42 *PAYMENTS ARE FAILING*",
        ),
        (
            "<{{ incident.url }}|{{ incident.key }}>",
            "<https://tocsin.example.com/incidents/42|#42>",
        ),
        (
            "{{ incident.url | link(\"a > b\") }}",
            "<https://tocsin.example.com/incidents/42|a &gt; b>",
        ),
        ("{{ incident.assignees | join(\", \") }}", "Alice, Bob"),
        (
            "{{ incident.tags.region }}{{ incident.tags.none | default(\"-\") }}",
            "eu-",
        ),
        (
            "{% for tag in incident.tag_list %}{{ tag.key }}={{ tag.value }};{% endfor %}",
            "region=eu;team=payments;",
        ),
        (
            "{% if incident.status == \"Resolved\" %}over{% else %}on{% endif %}",
            "over",
        ),
        (
            "{{ incident.triggered_at | date }}",
            "<!date^1795214167^{date_short_pretty} {time}|2026-11-20 22:36 UTC>",
        ),
        ("{{ incident.title | truncate(9) }}", "Payments…"),
        (
            "<https://wiki.example.com/{{ incident.title }}|{{ incident.title }}>",
            "<https://wiki.example.com/Payments%20are%20failing|Payments are failing>",
        ),
        ("<!here> {{ service.name }}", "<!here> Payments"),
        (
            "{{ incident.description }}",
            "*Checkout* answers 500 since the <https://ci.example.com/7|last deploy>.",
        ),
    ] {
        assert_eq!(titled(title).problems(), [], "{title}");
        assert_eq!(said(title, &facts), expected, "{title}");
    }
}

#[test]
fn a_value_has_no_styles_beside_those_of_the_template() {
    let facts = TemplateFacts {
        title: "*x* `y`".to_owned(),
        ..TemplateFacts::full()
    };
    assert_eq!(
        said("*{{ incident.key }}* {{ incident.title }}", &facts),
        "*#42* ∗x∗ ˋyˋ"
    );
    assert_eq!(
        said("<https://wiki.example.com/{{ incident.title }}|a>", &facts),
        "<https://wiki.example.com/%2Ax%2A%20%60y%60|a>"
    );
}

#[test]
fn what_is_marked_up_is_cut_where_it_stays_whole() {
    let facts = TemplateFacts {
        description_markdown:
            "**Checkout** & *all of it* answers `500` since the [last deploy](https://ci.example.com/a_b*c)"
                .to_owned(),
        ..TemplateFacts::full()
    };
    for length in 1..120 {
        for source in ["incident.description", "incident.description_markdown | markdown"] {
            let said = said(&format!("x{{{{ {source} | truncate({length}) }}}}"), &facts);
            let said = said.strip_prefix('x').expect("a prefix");
            let whole = "<https://tocsin.example.com/incidents/42|Read more>";
            assert_eq!(said.contains('…') && length > 20, said.ends_with(whole), "{said}");
            let said = said.replace(whole, "Read more");
            let seen = said
                .replace("<https://ci.example.com/a_b*c|", "")
                .replace(['*', '_', '`', '>'], "")
                .replace("&amp;", "&");
            assert!(seen.chars().count() <= length, "{length}: {said}");
            assert!(!said.contains("&lt;"), "{said}");
            assert_eq!(said.matches('<').count(), said.matches('>').count(), "{said}");
            let words = said
                .replace("<https://ci.example.com/a_b*c|last deploy>", "")
                .replace("&amp;", "");
            assert!(!words.contains(['<', '&']), "{said}");
            for style in ['*', '_', '`'] {
                assert_eq!(words.matches(style).count() % 2, 0, "{said}");
            }
        }
    }
    assert_eq!(
        said("{{ incident.description | truncate(6) }}", &facts),
        "*Check…*"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (title, line, message) in [
        (
            "a\n{{ incident.titel }}",
            Some(2),
            "There is no variable `incident.titel`.",
        ),
        ("{{ nothing }}", Some(1), "There is no variable `nothing`."),
        ("{{ incident.title | safe }}", Some(1), "unknown filter"),
        ("\n\n{{ incident.title", Some(3), "`{{` is never closed."),
        ("{% if incident.title %}", Some(1), "syntax error"),
        ("{% set a = 1 %}", Some(1), "There is no statement `set`"),
        ("{% include \"x\" %}", Some(1), "There is no statement `include`"),
        (
            "{% macro a() %}{% endmacro %}",
            Some(1),
            "There is no statement `macro`",
        ),
        (
            "{% autoescape false %}{% endautoescape %}",
            Some(1),
            "There is no statement `autoescape`",
        ),
        (
            "{{ incident.title ~ incident.title }}",
            Some(1),
            "`~` is not part",
        ),
        ("{{ \"a\" * 100000000 }}", Some(1), "`*` is not part"),
        (
            "{% for a in [1, 2] %}{% endfor %}",
            Some(1),
            "A list cannot be written out.",
        ),
        (
            "{% for a in[1, 2] %}{% endfor %}",
            Some(1),
            "A list cannot be written out.",
        ),
        ("{{ {\"a\": 1} }}", Some(1), "`{` is not part"),
        ("{{ range(1000000) }}", Some(1), "There is no variable `range`."),
        ("{{ incident.tags }}", Some(1), "cannot be shown as it is"),
        ("{{ incident.title | date }}", Some(1), "this is not a time"),
    ] {
        let problems = titled(title).problems();
        let problem = problems.first().unwrap_or_else(|| panic!("{title} is good"));
        assert_eq!(
            (problem.part.as_str(), problem.line),
            ("title", line),
            "{title}: {problem}"
        );
        assert!(problem.message.contains(message), "{title}: {problem}");
    }
}

#[test]
fn what_would_take_long_or_come_to_much_is_stopped() {
    let mut facts = TemplateFacts::hostile();
    facts.tags = (0..50).map(|n| (format!("k{n}"), "v".repeat(200))).collect();
    let deep = "{% for a in incident.tag_list %}".repeat(8) + "{{ a.value }}" + &"{% endfor %}".repeat(8);
    let problem = titled(&deep).render(&facts).expect_err("too much");
    assert!(
        problem.message.contains("too many steps") || problem.message.contains("bytes"),
        "{problem}"
    );
    assert!(
        titled(&"a".repeat(3_001)).problems()[0]
            .message
            .contains("at most 3000")
    );
    let nested = "{{ ".to_owned() + &"(".repeat(1_000) + "1" + &")".repeat(1_000) + " }}";
    assert_eq!(titled(&nested).problems().len(), 1);
    let many = Template {
        fields: Some(vec![
            TemplateField {
                name: "a".to_owned(),
                value: "b".to_owned()
            };
            11
        ]),
        ..Template::default()
    };
    assert_eq!(many.problems()[0].part, "fields");
}

#[test]
fn the_default_does_with_all_incidents_and_all_examples_are_good() {
    assert_eq!(Template::default().problems(), []);
    for variable in VARIABLES {
        let template = Template {
            body: Some(variable.example.to_owned()),
            ..Template::default()
        };
        assert_eq!(template.problems(), [], "{}", variable.name);
    }
}

#[test]
fn a_title_that_comes_to_nothing_is_the_default_one() {
    let title = "{% if incident.resolved_at %}over{% endif %}";
    assert_eq!(titled(title).problems(), []);
    assert_eq!(said(title, &TemplateFacts::full()), "over");
    assert_eq!(
        said(title, &TemplateFacts::sparse()),
        "<https://tocsin.example.com/incidents/42|#42 Payments are failing>"
    );
}

#[test]
fn fields_that_say_nothing_are_left_out() {
    let template = Template {
        fields: Some(vec![
            TemplateField {
                name: "Severity".to_owned(),
                value: "{{ incident.severity }}".to_owned(),
            },
            TemplateField {
                name: "Service".to_owned(),
                value: "{{ service.name }}".to_owned(),
            },
        ]),
        body: Some(String::new()),
        ..Template::default()
    };
    let rendered = template
        .render(&TemplateFacts::sparse())
        .expect("a good template");
    assert_eq!(rendered.body.len(), 1);
    let fields = rendered.body[0]["fields"].as_array().expect("fields");
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0]["text"], "*Service*\nPayments");
}

/// Texts that would like to be markup.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z ]{0,6}",
        ".{0,4}",
        prop::sample::select(vec![
            "<!channel>",
            "!channel",
            "@U1",
            "#C1",
            "<",
            ">",
            "|",
            "&",
            "&lt;",
            "https://evil.example/",
            "\u{fdd0}",
            "\u{fdd1}",
            "{{",
            "\n",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Templates that are careless about where a variable stands.
const CARELESS: &[&str] = &[
    "x {{ incident.title }}",
    "x <{{ incident.title }}>",
    "x <!{{ incident.title }}>",
    "x <@{{ incident.title }}|y>",
    "x <https://{{ incident.title }}>",
    "x <https:{{ incident.title }}/a|b>",
    "x <{{ incident.title }}{{ service.name }}|{{ incident.title }}>",
    "x <{% for name in incident.assignees %}{{ name }}{% endfor %}>",
    "x <{{ incident.title | lower }}>{{ incident.title | truncate(5) }}>",
    "x <{{ incident.assignees | join(\"<\") }}>",
    "x < {{ incident.tags.a | default(\"<!here>\") }} >",
];

proptest! {
    #[test]
    fn no_value_makes_a_mention_a_link_or_a_broadcast(
        title in hostile(),
        service in hostile(),
        which in prop::sample::select(CARELESS.to_vec()),
    ) {
        let facts = TemplateFacts {
            assignees: vec![title.clone(), service.clone()],
            tags: vec![("a".to_owned(), title.clone())],
            title,
            service,
            ..TemplateFacts::full()
        };
        let said = said(which, &facts);
        prop_assert!(!said.contains('<'), "{which}: {said:?}");
        prop_assert!(!said.contains(['\u{fdd0}', '\u{fdd1}']), "{said:?}");
    }

    #[test]
    fn a_value_in_an_address_never_changes_where_it_leads(title in hostile()) {
        let facts = TemplateFacts { title, ..TemplateFacts::full() };
        let said = said("x <https://wiki.example.com/{{ incident.title }}|{{ incident.title }}>", &facts);
        prop_assert!(said.starts_with("x <https://wiki.example.com/"), "{said:?}");
        prop_assert_eq!(said.matches('<').count(), 1, "{}", said);
        prop_assert!(said.ends_with('>') || said.ends_with('…'), "{said:?}");
    }

    #[test]
    fn no_template_at_all_breaks_anything(source in ".{0,80}", piece in prop::sample::select(vec!["{{", "}}", "{%", "%}", "for x in", "\"", "[", "<", "incident.title", "|"])) {
        let source = format!("{source}{piece}{source}");
        let template = Template { title: Some(source.clone()), body: Some(source), ..Template::default() };
        if template.problems().is_empty() {
            prop_assert!(template.render(&TemplateFacts::hostile()).is_ok());
        }
    }
}
