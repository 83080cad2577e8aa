//! A list with its whole schedule as one JSON document, the form of the import and of the draft: that of the wire, with
//! any number of additions and exclusions, their notes, and who announced them.

use bizauth_client::{IpChange, IpDocument, IpEntry};
use bizauth_core::ips::{Change, Cidr, IpList, Service};

/// The document that [`crate::ip_document::list_from_document`] makes this very list of.
pub fn document_of(list: &IpList) -> IpDocument {
    let all = |services: &[Service]| Some(services.iter().map(entry).collect());
    IpDocument {
        inbound: all(list.inbound()),
        outbound: all(list.outbound()),
        updated_date: list.updated().to_string(),
    }
}

fn entry(service: &Service) -> IpEntry {
    let of = |change: Change| {
        let steps = service.steps.iter().filter(move |step| step.change == change);
        let step = |step: &bizauth_core::ips::Step| IpChange {
            ips: spelled(&step.ips),
            date: step.date.to_string(),
            note: step.note.clone(),
            announced_by: step.announced_by.clone(),
        };
        steps.map(step).collect()
    };
    IpEntry {
        service: service.name.clone(),
        ips: spelled(&service.ips),
        ports: service.ports.clone(),
        updated_date: service.updated.to_string(),
        addition: of(Change::Addition),
        exclusion: of(Change::Exclusion),
    }
}

/// Entries as they were published.
pub fn spelled(ips: &[Cidr]) -> Vec<String> {
    ips.iter().map(|cidr| cidr.as_published().to_owned()).collect()
}

/// A document as text, to be read by people too.
pub fn to_text(document: &IpDocument) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ip_document::list_from_document;

    #[test]
    fn a_list_goes_through_its_document_unchanged() {
        let text = include_str!("ips.json").replacen(
            "\"date\": \"2023-06-30\"",
            "\"date\": \"2023-06-30\", \"note\": \"새 센터\", \"announcedBy\": \"kim\"",
            1,
        );
        let list = crate::ip_document::read(text.as_bytes()).unwrap();
        assert_eq!(list.services().flat_map(|(_, it)| &it.steps).filter(|step| step.note == "새 센터").count(), 1);
        let document = document_of(&list);
        assert_eq!(list_from_document(&document).unwrap(), list);
        let again = IpDocument::from_json(to_text(&document).as_bytes()).unwrap();
        assert_eq!(again, document);
    }
}
