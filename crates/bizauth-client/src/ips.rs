//! The IP list as a document, and its fetching: `GET /v1/system/ips`.
//!
//! The document is what is on the wire and in import files; what its addresses and dates mean is not judged here.

use std::fmt;

use reqwest::StatusCode;
use reqwest::header::{HeaderValue, IF_NONE_MATCH};
use secrecy::SecretString;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::exchange::{Answer, Authorize, Door};
use crate::{Client, Error};

/// One of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleType {
    /// The addresses that the platform's requests come from.
    Inbound,
    /// The addresses that the platform's services answer on.
    Outbound,
}

impl RuleType {
    /// The value of the parameter `rule_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            RuleType::Inbound => "inbound",
            RuleType::Outbound => "outbound",
        }
    }
}

/// The whole answer. Fields that the documents do not name are passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpDocument {
    /// The services that call; absent when only the other list was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound: Option<Vec<IpEntry>>,
    /// The services that are called; absent when only the other list was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound: Option<Vec<IpEntry>>,
    /// The last change, `YYYY-MM-DD`.
    #[serde(rename = "updatedDate")]
    pub updated_date: String,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpEntry {
    /// A service name or the URL of a service domain.
    pub service: String,
    /// CIDR blocks, host bits and all.
    pub ips: Vec<String>,
    /// TCP ports.
    pub ports: Vec<u16>,
    /// The last change, `YYYY-MM-DD`.
    #[serde(rename = "updatedDate")]
    pub updated_date: String,
    /// Addresses announced. On the wire one object or nothing; a file may have a list of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "one_or_many")]
    pub addition: Vec<IpChange>,
    /// Addresses that will go. On the wire one object or nothing; a file may have a list of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "one_or_many")]
    pub exclusion: Vec<IpChange>,
}

/// A change that is announced for a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpChange {
    /// CIDR blocks.
    pub ips: Vec<String>,
    /// The day it takes effect, `YYYY-MM-DD`.
    pub date: String,
    /// What the publisher says about it. Not on the wire; a file may have it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Who announced it. Not on the wire; a file may have it.
    #[serde(default, rename = "announcedBy", skip_serializing_if = "String::is_empty")]
    pub announced_by: String,
}

impl IpDocument {
    /// Reads a document from a file. The error has the line, the column and what is wrong there.
    pub fn from_json(bytes: &[u8]) -> Result<IpDocument, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

/// What came of asking for the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The list, and the tag to ask with next time, if the platform sent one.
    List {
        /// The list.
        document: IpDocument,
        /// The value of the header `ETag`, quotes and all.
        etag: Option<String>,
    },
    /// The list is still the one that `known` stands for.
    NotModified,
}

/// What came of asking for the list as it stands, unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchedBytes {
    /// The body of a 200, whatever it is, and the tag to ask with next time, if the platform sent one.
    Body {
        /// The bytes, as they came.
        body: Vec<u8>,
        /// The value of the header `ETag`, quotes and all.
        etag: Option<String>,
    },
    /// The list is still the one that `known` stands for.
    NotModified,
}

impl Client {
    /// Fetches the IP list as bytes, for those who check a signature over them or keep them as they came.
    ///
    /// As [`Client::ip_list`], but a 200 is not read: it may be a page of some proxy.
    pub async fn ip_list_bytes(&self, key: &SecretString, known: Option<&str>) -> Result<FetchedBytes, Error> {
        let answer = self.ask_for_ips(key, None, known).await?;
        if answer.status == StatusCode::NOT_MODIFIED && known.is_some() {
            return Ok(FetchedBytes::NotModified);
        }
        answer.succeeded(Door::Kapi, &[key])?;
        Ok(FetchedBytes::Body { body: answer.body, etag: answer.etag })
    }

    /// Fetches a public file, such as the signature of a list, by its whole address and without a key.
    pub async fn public_file(&self, url: &str) -> Result<Vec<u8>, Error> {
        let answer = self.send(self.http.get(url)).await?;
        answer.succeeded(Door::Kapi, &[])?;
        Ok(answer.body)
    }

    /// Fetches a file of the platform's that may need a key, such as a signature where lists are not public.
    pub async fn file(&self, url: &str, key: &SecretString) -> Result<Vec<u8>, Error> {
        let answer = self.send(self.http.get(url).authorize("KakaoAK", key, "app key")?).await?;
        answer.succeeded(Door::Kapi, &[key])?;
        Ok(answer.body)
    }

    /// Fetches the IP list with any of the app's four kinds of key.
    ///
    /// `rule` leaves the other list out. `known` is the tag of an earlier answer; with it the platform may say
    /// [`Fetched::NotModified`]. A refusal is [`Error::Kapi`].
    pub async fn ip_list(
        &self,
        key: &SecretString,
        rule: Option<RuleType>,
        known: Option<&str>,
    ) -> Result<Fetched, Error> {
        let answer = self.ask_for_ips(key, rule, known).await?;
        // Without a tag to compare with, a 304 is a mistake of someone in between, and there would be no list.
        if answer.status == StatusCode::NOT_MODIFIED && known.is_some() {
            return Ok(Fetched::NotModified);
        }
        let document = answer.result(Door::Kapi, &[key])?;
        Ok(Fetched::List { document, etag: answer.etag })
    }

    async fn ask_for_ips(
        &self,
        key: &SecretString,
        rule: Option<RuleType>,
        known: Option<&str>,
    ) -> Result<Answer, Error> {
        let query = rule.map(|rule| format!("?rule_type={}", rule.as_str())).unwrap_or_default();
        let url = format!("{}{query}", self.hosts.kapi("/v1/system/ips"));
        let mut request = self.http.get(url).authorize("KakaoAK", key, "app key")?;
        if let Some(known) = known {
            let tag = HeaderValue::from_str(known).map_err(|_| Error::Unsendable("ETag"))?;
            request = request.header(IF_NONE_MATCH, tag);
        }
        self.send(request).await
    }
}

/// Nothing, one object, or a list of objects. Not an untagged enum, whose errors say neither where nor what.
mod one_or_many {
    use super::*;

    pub(super) fn serialize<S: Serializer>(changes: &[IpChange], serializer: S) -> Result<S::Ok, S::Error> {
        match changes {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpChange>, D::Error> {
        deserializer.deserialize_any(Changes)
    }

    struct Changes;

    impl<'de> Visitor<'de> for Changes {
        type Value = Vec<IpChange>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a change (ips and date) or a list of them")
        }

        fn visit_unit<E>(self) -> Result<Vec<IpChange>, E> {
            Ok(Vec::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<IpChange>, A::Error> {
            IpChange::deserialize(MapAccessDeserializer::new(map)).map(|one| vec![one])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Vec<IpChange>, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(seq))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(changes: &str) -> Result<IpEntry, String> {
        let text = format!(r#"{{"service":"a","ips":[],"ports":[443],"updatedDate":"2023-06-28"{changes}}}"#);
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn changes_are_absent_one_or_many() {
        const ONE: &str = r#"{"ips":["10.0.0.0/8"],"date":"2023-06-30"}"#;
        for (text, count, written) in [
            (String::new(), 0, String::new()),
            (r#","addition":null"#.into(), 0, String::new()),
            (r#","addition":[]"#.into(), 0, String::new()),
            (format!(r#","addition":{ONE}"#), 1, format!(r#","addition":{ONE}"#)),
            (format!(r#","addition":[{ONE}]"#), 1, format!(r#","addition":{ONE}"#)),
            (format!(r#","addition":[{ONE},{ONE}]"#), 2, format!(r#","addition":[{ONE},{ONE}]"#)),
        ] {
            let entry = entry(&text).unwrap();
            assert_eq!((entry.addition.len(), entry.exclusion.len()), (count, 0), "{text}");
            assert!(serde_json::to_string(&entry).unwrap().ends_with(&format!("{written}}}")), "{text}");
        }
        let error = entry(r#","exclusion":7"#).unwrap_err();
        assert!(error.starts_with("invalid type: integer `7`, expected a change (ips and date) or a list"), "{error}");
        assert!(entry(r#","exclusion":{"ips":[]}"#).unwrap_err().starts_with("missing field `date` at line 1"));
    }

    #[test]
    fn a_file_that_is_no_list_is_refused_with_its_place() {
        for (text, wanted) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("{\n\"inbound\": [ ...", "expected value at line 2 column 14"),
            ("{ // comment\n}", "key must be a string at line 1 column 3"),
            (r#"{"inbound":[]}"#, "missing field `updatedDate` at line 1 column 14"),
        ] {
            assert_eq!(IpDocument::from_json(text.as_bytes()).unwrap_err().to_string(), wanted);
        }
    }
}
