//! Putting an asset and those who hold it as they are wanted, within somebody else's transaction. Directories and
//! imports both end here: what is there already stays the very row it is, so that what was lent stays lent.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::id::{HoldingId, IdSource, UserId};
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;

use crate::assets::{AssetRecord, SORT_HOLDINGS};
use crate::db::{Result, Row, Tx, Value};

/// How an account is named by those who keep lists of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountName {
    /// By its id here.
    Id(UserId),
    /// By its e-mail address, as [`bizauth_core::user::email`] gave it.
    Email(String),
    /// By what it is called elsewhere.
    External(String),
}

/// An asset as it should be, with those who should hold it.
#[derive(Clone, Debug)]
pub struct WantedAsset {
    /// The asset.
    pub asset: AssetRecord,
    /// Who holds it.
    pub holders: Vec<WantedHolder>,
}

/// One who should hold an asset.
#[derive(Clone, Debug)]
pub struct WantedHolder {
    /// The account.
    pub account: AccountName,
    /// Its role, such as `owner`.
    pub role: String,
    /// Whether it may lend the asset.
    pub lendable: bool,
}

/// Why something cannot be as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// There is no such group, or nothing in it can be lent.
    NoSuchGroup,
    /// The group has no ad accounts.
    NotOfThisKind,
    /// There is no account behind the holder at this place.
    NoSuchAccount(usize),
    /// The holder at this place is an account that was named before.
    HolderTwice(usize),
    /// The external id names another asset already: `group:id`.
    NamesAnother(String),
    /// The asset is kept by another directory, or under another external id: source and external id.
    KeptBy(String, String),
}

/// What became of an asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It was so before.
    #[default]
    Same,
    /// It is new.
    Added,
    /// It has another name or kind.
    Changed,
    /// It is gone.
    Removed,
}

/// What became of an asset and of those who hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// The asset.
    pub asset: Fate,
    /// How many hold it who did not.
    pub gained: usize,
    /// How many hold it in another role, or may lend it now or no longer.
    pub altered: usize,
    /// How many no longer hold it.
    pub lost: usize,
}

/// What happens to those who hold an asset and are not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    Keep,
    Lose,
}

/// What has to be done to one asset.
pub(crate) struct Plan {
    asset: AssetRecord,
    fate: Fate,
    puts: Vec<Put>,
    losses: Vec<Held>,
}

struct Put {
    user: UserId,
    email: String,
    role: String,
    lendable: bool,
    held: Option<HoldingId>,
}

struct Held {
    id: HoldingId,
    user: UserId,
    email: String,
    role: String,
    lendable: bool,
}

impl Effect {
    /// Whether everything was so before.
    pub fn is_nothing(&self) -> bool {
        *self == Effect::default()
    }
}

/// Lets no other audited change go on beside this transaction: what it reads stays so until it ends.
pub(crate) async fn alone(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute("UPDATE audit_head SET seq = seq WHERE id = 1", &[]).await?;
    Ok(())
}

/// The account behind a name, with its address.
async fn account(tx: &mut Tx<'_>, name: &AccountName) -> Result<Option<(UserId, String)>> {
    const BY_ID: &str = "SELECT id, email FROM users WHERE id = $1";
    const BY_EMAIL: &str = "SELECT id, email FROM users WHERE email = $1";
    const BY_EXTERNAL: &str = "SELECT id, email FROM users WHERE external_id = $1";
    let row = match name {
        AccountName::Id(id) => tx.row(BY_ID, &[(*id).into()]).await?,
        AccountName::Email(email) => tx.row(BY_EMAIL, &[email.as_str().into()]).await?,
        AccountName::External(id) => tx.row(BY_EXTERNAL, &[id.as_str().into()]).await?,
    };
    row.map(|row| Ok((row.get("id")?, row.get("email")?))).transpose()
}

/// Those who hold an asset now.
async fn holders(tx: &mut Tx<'_>, group: &GroupId, asset: &AssetId) -> Result<Vec<Held>> {
    const HOLDERS: &str = "SELECT h.id, h.user_id, u.email, h.role, h.lendable FROM holdings h
         JOIN users u ON u.id = h.user_id WHERE h.group_id = $1 AND h.asset_id = $2 ORDER BY h.id";
    let read = |row: &Row| {
        Ok(Held {
            id: row.get("id")?,
            user: row.get("user_id")?,
            email: row.get("email")?,
            role: row.get("role")?,
            lendable: row.get("lendable")?,
        })
    };
    tx.rows(HOLDERS, &[group.clone().into(), asset.0.clone().into()]).await?.iter().map(read).collect()
}

/// What has to be done so that an asset is as wanted, or why it cannot be.
pub(crate) async fn plan(
    tx: &mut Tx<'_>,
    wanted: &WantedAsset,
    others: Others,
) -> Result<std::result::Result<Plan, Misfit>> {
    const GROUP: &str = "SELECT has_ad_accounts FROM asset_groups WHERE id = $1 AND has_assets = 1";
    const ASSET: &str = "SELECT kind, name FROM assets WHERE group_id = $1 AND asset_id = $2";
    let asset = &wanted.asset;
    let Some(group) = tx.row(GROUP, &[asset.group.clone().into()]).await? else {
        return Ok(Err(Misfit::NoSuchGroup));
    };
    if asset.kind == AssetKind::AdAccount && !group.get::<bool>("has_ad_accounts")? {
        return Ok(Err(Misfit::NotOfThisKind));
    }
    let fate = match tx.row(ASSET, &[asset.group.clone().into(), asset.id.0.clone().into()]).await? {
        None => Fate::Added,
        Some(row) => {
            let same = row.get::<AssetKind>("kind")? == asset.kind && row.get::<String>("name")? == asset.name;
            if same { Fate::Same } else { Fate::Changed }
        }
    };
    let mut held = match fate {
        Fate::Added => Vec::new(),
        _ => holders(tx, &asset.group, &asset.id).await?,
    };
    let (mut puts, mut seen): (Vec<Put>, Vec<UserId>) = (Vec::new(), Vec::new());
    for (at, holder) in wanted.holders.iter().enumerate() {
        let Some((user, email)) = account(tx, &holder.account).await? else {
            return Ok(Err(Misfit::NoSuchAccount(at)));
        };
        if seen.contains(&user) {
            return Ok(Err(Misfit::HolderTwice(at)));
        }
        seen.push(user);
        let found = held.iter().position(|held| held.user == user).map(|at| held.swap_remove(at));
        let same = found.as_ref().is_some_and(|it| it.role == holder.role && it.lendable == holder.lendable);
        if !same {
            let held = found.map(|it| it.id);
            puts.push(Put { user, email, role: holder.role.clone(), lendable: holder.lendable, held });
        }
    }
    let losses = if others == Others::Lose { held } else { Vec::new() };
    Ok(Ok(Plan { asset: asset.clone(), fate, puts, losses }))
}

impl Plan {
    /// What will have become of it.
    pub(crate) fn effect(&self) -> Effect {
        let gained = self.puts.iter().filter(|put| put.held.is_none()).count();
        let altered = self.puts.len() - gained;
        Effect { asset: self.fate, gained, altered, lost: self.losses.len() }
    }

    /// Who gains, alters and loses, a line each, for the log.
    pub(crate) fn told(&self) -> Vec<String> {
        let place = format!("{}:{}", self.asset.group, self.asset.id);
        let lends = |yes: bool| if yes { "lendable" } else { "not lendable" };
        let put = |put: &Put| {
            let sign = if put.held.is_some() { '~' } else { '+' };
            format!("{place} {sign}{} {}, {}", put.email, put.role, lends(put.lendable))
        };
        let asset = match self.fate {
            Fate::Same => None,
            Fate::Added => Some(format!("{place} + {} {}", self.asset.kind.word(), self.asset.name)),
            _ => Some(format!("{place} ~ {} {}", self.asset.kind.word(), self.asset.name)),
        };
        let losses = self.losses.iter().map(|held| format!("{place} -{}", held.email));
        asset.into_iter().chain(self.puts.iter().map(put)).chain(losses).collect()
    }

    /// Does it.
    pub(crate) async fn carry_out(&self, tx: &mut Tx<'_>, ids: &IdSource, now: Time) -> Result<()> {
        const KEEP: &str = "INSERT INTO assets (group_id, asset_id, kind, name, search, sort)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (group_id, asset_id)
             DO UPDATE SET kind = excluded.kind, name = excluded.name, search = excluded.search, sort = excluded.sort";
        const HOLD: &str = "INSERT INTO holdings (id, user_id, group_id, asset_id, role, lendable, sort)
             SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), a.group_id, a.asset_id, CAST($3 AS TEXT), CAST($4 AS BIGINT),
                 a.search FROM assets a WHERE a.group_id = $5 AND a.asset_id = $6";
        const ALTER: &str = "UPDATE holdings SET role = $1, lendable = $2 WHERE id = $3";
        let asset = &self.asset;
        let key: [Value; 2] = [asset.group.clone().into(), asset.id.0.clone().into()];
        if self.fate != Fate::Same {
            let sort = asset.name.to_lowercase();
            let search = format!("{sort} {}", asset.id.0.to_lowercase());
            let row = [asset.kind.word().into(), asset.name.as_str().into(), search.into(), sort.into()];
            tx.execute(KEEP, &[&key[..], &row].concat()).await?;
            tx.execute(SORT_HOLDINGS, &key).await?;
        }
        for held in &self.losses {
            tx.execute("DELETE FROM holdings WHERE id = $1", &[held.id.into()]).await?;
        }
        for put in &self.puts {
            let (role, lendable) = (put.role.as_str().into(), put.lendable.into());
            match put.held {
                Some(id) => tx.execute(ALTER, &[role, lendable, id.into()]).await?,
                None => {
                    let [group, asset] = key.clone();
                    let row: [Value; 6] =
                        [HoldingId(ids.next(now)).into(), put.user.into(), role, lendable, group, asset];
                    tx.execute(HOLD, &row).await?
                }
            };
        }
        Ok(())
    }
}
