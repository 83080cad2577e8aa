//! `bizauth key callers`: from which addresses a REST API key may be used.

use ipnet::IpNet;
use serde_json::json;

use super::super::desk::{Desk, no_key};
use super::super::output::Rows;
use super::super::read::{self, KeyName};

/// Shows the callers, or sets them.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  bizauth key callers KEYID                                  show them\n  \
                        bizauth key callers KEYID 203.0.113.0/24 2001:db8::/32     set them\n  \
                        bizauth key callers KEYID --anywhere                       lift the limit")]
pub(in crate::cli) struct Callers {
    /// The REST API key
    #[arg(value_name = "KEYID", value_parser = read::key_name)]
    key: KeyName,
    /// Addresses and networks, in place of those that are set
    #[arg(value_name = "CIDR", value_parser = read::caller)]
    callers: Vec<IpNet>,
    /// Let it be used from anywhere
    #[arg(long, conflicts_with = "callers")]
    anywhere: bool,
}

impl Callers {
    /// Does it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let id = desk.key_id(&self.key).await?;
        let sets = self.anywhere || !self.callers.is_empty();
        let callers = match sets {
            true => self.callers,
            false => desk.key(&self.key).await?.key.callers,
        };
        if sets && !desk.by().set_callers(id, &callers).await? {
            return Err(no_key("REST API key", &self.key));
        }
        let callers: Vec<String> = callers.iter().map(ToString::to_string).collect();
        desk.output.data(json!({ "id": id.to_string(), "callers": callers }), || {
            let shown = if callers.is_empty() { vec!["anywhere".to_owned()] } else { callers.clone() };
            Rows::titled(["CALLERS"], shown.into_iter().map(|caller| [caller]))
        })?;
        Ok(())
    }
}
