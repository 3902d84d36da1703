//! `tocsin doctor`: what is in force and where it comes from, and whether it works. Nothing is changed.

mod checks;
mod given;
mod page;

use anyhow::bail;

use page::DoctorPage;

use crate::{
    config::{Configuration, GivenSettings, Settings},
    terminal::Terminal,
};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FindingLevel {
    /// It works.
    Good,
    /// It works, but may not be what is wanted.
    Doubtful,
    /// It does not work.
    Bad,
}

/// What a check found.
#[derive(Debug, Clone)]
struct Finding {
    /// What was looked at.
    subject: &'static str,
    verdict: FindingLevel,
    /// What was seen, and what to do about it.
    text: String,
    /// Where more is said of it; none of what is well.
    page: Option<DoctorPage>,
}

impl Finding {
    fn good(subject: &'static str, text: impl Into<String>) -> Self {
        Self {
            subject,
            verdict: FindingLevel::Good,
            text: text.into(),
            page: None,
        }
    }

    fn doubtful(subject: &'static str, page: DoctorPage, text: impl Into<String>) -> Self {
        Self {
            verdict: FindingLevel::Doubtful,
            page: Some(page),
            ..Self::good(subject, text)
        }
    }

    fn bad(subject: &'static str, page: DoctorPage, text: impl Into<String>) -> Self {
        Self {
            verdict: FindingLevel::Bad,
            ..Self::doubtful(subject, page, text)
        }
    }
}

/// Shows, checks, and fails where something is wrong.
pub(crate) async fn run(given: &GivenSettings, terminal: Terminal) -> anyhow::Result<()> {
    let Configuration { in_force, settings } = Settings::read(given);
    terminal.line(format!("{}\n", terminal.strong("In force")));
    for setting in &in_force {
        terminal.line(format!(
            "  {:<28} {:<50} {}",
            setting.known.variable,
            setting.value,
            terminal.dim(&setting.origin.to_string())
        ));
    }
    terminal.line(format!("\n{}\n", terminal.strong("Checks")));
    let mut findings = given::findings(given);
    match settings {
        Ok(settings) => findings.extend(checks::settings(&settings).await),
        Err(faults) => findings.extend(
            faults
                .0
                .into_iter()
                .map(|fault| Finding::bad("configuration", DoctorPage::ConfigurationFault, fault)),
        ),
    }
    for finding in &findings {
        show(finding, terminal);
    }
    let bad = findings
        .iter()
        .filter(|finding| finding.verdict == FindingLevel::Bad)
        .count();
    terminal.line("");
    let doubtful = findings
        .iter()
        .filter(|finding| finding.verdict == FindingLevel::Doubtful)
        .count();
    match bad {
        0 if doubtful == 0 => {
            terminal.line(terminal.good("Nothing is wrong."));
            Ok(())
        }
        0 => {
            let things = if doubtful == 1 { "one thing" } else { "some things" };
            terminal.line(terminal.doubtful(&format!(
                "Nothing fails; {things} may not be as you want, and are marked look."
            )));
            Ok(())
        }
        1 => bail!("one thing is wrong; what to do is beside it"),
        many => bail!("{many} things are wrong; what to do is beside each"),
    }
}

fn show(finding: &Finding, terminal: Terminal) {
    let mark = match finding.verdict {
        FindingLevel::Good => terminal.good("ok   "),
        FindingLevel::Doubtful => terminal.doubtful("look "),
        FindingLevel::Bad => terminal.bad("wrong"),
    };
    terminal.line(format!("  {mark}  {:<14} {}", finding.subject, finding.text));
    if let Some(page) = finding.page {
        terminal.line(terminal.dim(&format!("{:24}{page}", "")));
    }
}
