//! What PostgreSQL itself takes: `pgbench` inserting the rows of a trigger, one transaction each, in the same run.

use anyhow::Context;

use crate::servers::{Servers, run};

/// How long it inserts, in seconds.
const SECONDS: &str = "10";

const TABLES: &str = "
    CREATE TABLE organization (id int PRIMARY KEY, number bigint NOT NULL, seq bigint NOT NULL);
    INSERT INTO organization VALUES (1, 0, 0);
    CREATE TABLE incident (id uuid PRIMARY KEY, organization_id int REFERENCES organization, number bigint, title text,
        description text, status text, urgency text, tags jsonb, version bigint, triggered_at timestamptz, updated_at timestamptz,
        UNIQUE (organization_id, number));
    CREATE TABLE entry (id uuid PRIMARY KEY, incident_id uuid REFERENCES incident, version bigint, kind text, source text,
        created_at timestamptz, UNIQUE (incident_id, version));
    CREATE TABLE event (organization_id int, seq bigint, kind text, incident_id uuid REFERENCES incident, entry_id uuid
        REFERENCES entry, created_at timestamptz, PRIMARY KEY (organization_id, seq));";

const SCRIPT: &str = "
BEGIN;
UPDATE organization SET number = number + 1, seq = seq + 1 WHERE id = 1 RETURNING number AS n, seq AS s \\gset
SELECT gen_random_uuid() AS i, gen_random_uuid() AS e \\gset
INSERT INTO incident VALUES (:'i', 1, :n, 'Payments are failing', 'The gateway answers 502 to one payment in three.', 'TRIGGERED', 'HIGH', '[{\"key\": \"region\", \"value\": \"eu\"}]', 1, now(), now());
INSERT INTO entry VALUES (:'e', :'i', 1, 'TRIGGERED', 'API', now());
INSERT INTO event VALUES (1, :s, 'INCIDENT_TRIGGERED', :'i', :'e', now());
COMMIT;
";

/// Transactions a second by so many clients.
pub(crate) async fn measure(servers: &Servers, clients: usize) -> anyhow::Result<f64> {
    let name = format!("pgbench_{clients}");
    servers.database(&name)?;
    let script = tempfile::NamedTempFile::new()?;
    std::fs::write(
        script.path(),
        SCRIPT.replace(":'i'", "':i'").replace(":'e'", "':e'"),
    )?;
    run(servers.tool("psql").args(["-q", "-d", &name, "-c", TABLES]))?;
    let clients = clients.to_string();
    let mut command = servers.tool("pgbench");
    command
        .args(["-n", "-c", &clients, "-j", "2", "-T", SECONDS, "-f"])
        .arg(script.path())
        .arg(&name);
    let output = tokio::task::spawn_blocking(move || run(&mut command)).await??;
    let line = output
        .lines()
        .find_map(|line| line.strip_prefix("tps = "))
        .context("pgbench tells no tps")?;
    Ok(line.split_whitespace().next().context("a number")?.parse()?)
}
