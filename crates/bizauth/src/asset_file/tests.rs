//! Files as people and programs write them, and as nobody should.

use proptest::prelude::*;

use super::*;

fn csv(text: &str) -> AssetFile {
    read(Format::Csv, text.as_bytes()).unwrap_or_else(|why| panic!("{why:?}: {text}"))
}

fn bad(file: &AssetFile) -> Vec<String> {
    file.bad.iter().map(BadRow::to_line).collect()
}

#[test]
fn columns_come_in_any_order_with_bom_and_crlf() {
    let text = "\u{feff}email,Role, lendable ,group,id,kind,name\r\nKim@Example.com,owner,no,moment,1,ad_account,\"봄, \"\"Spring\"\"\"\r\n\r\n,,,moment,2,channel,B\r\n";
    let file = csv(text);
    assert!(file.bad.is_empty(), "{file:?}");
    let [first, second] = &file.rows[..] else { panic!("{file:?}") };
    assert_eq!((first.place, first.wanted.asset.name.as_str()), (2, "봄, \"Spring\""));
    let holder = &first.wanted.holders[0];
    assert_eq!(holder.account, AccountName::Email("kim@example.com".to_owned()));
    assert_eq!((holder.role.as_str(), holder.lendable), ("owner", false));
    assert_eq!((second.place, second.wanted.holders.len(), second.wanted.asset.kind), (4, 0, AssetKind::Channel));
}

#[test]
fn every_bad_row_is_named() {
    let file = csv("group,id,kind,name,email,role,lendable
moment,1,ad_account,A,kim@example.com,owner,yes
,1,ad_account,A,,,
mo ment,1,ad_account,A,,,
moment,1:2,ad_account,A,,,
moment,3,house,A,,,
moment,4,ad_account,,,,
moment,5,ad_account,A,nobody,owner,
moment,6,ad_account,A,kim@example.com,,
moment,7,ad_account,A,,owner,
moment,8,ad_account,A,kim@example.com,owner,maybe
moment,9,ad_account,A
moment,1,ad_account,B,lee@example.com,owner,
moment,1,channel,A,lee@example.com,owner,
moment,1,ad_account,A,kim@example.com,manager,
moment,1,ad_account,A,,,
moment,1,ad_account,A,lee@example.com,manager,
");
    let wanted = [
        "3\tgroup\tempty\t",
        "4\tgroup\tgroup\t",
        "5\tid\tid\t",
        "6\tkind\tkind\thouse",
        "7\tname\tempty\t",
        "8\temail\temail\tnobody",
        "9\trole\trole-missing\t",
        "10\trole\tno-holder\t",
        "11\tlendable\tlendable\tmaybe",
        "12\trow\tfields\t4",
        "13\tname\tcontradicts\t2",
        "14\tkind\tcontradicts\t2",
        "15\temail\ttwice\t2",
        "16\trow\ttwice\t2",
    ];
    assert_eq!(bad(&file), wanted);
    let places: Vec<_> = file.rows.iter().map(|row| row.place).collect();
    assert_eq!(places, [2, 17]);
}

#[test]
fn json_is_an_array_of_the_same() {
    let text = r#"[
        {"group": "moment", "id": 7, "kind": "ad_account", "name": "A", "email": "kim@example.com", "role": "owner", "lendable": false},
        {"group": "moment", "id": "8", "kind": "ad_account", "name": "B", "email": null},
        7,
        {"group": "moment", "id": "9", "kind": "ad_account", "name": ["C"]},
        {"group": "moment", "id": "9", "kind": "ad_account", "name": "C", "colour": "red"}
    ]"#;
    let file = read(Format::Json, text.as_bytes()).unwrap();
    assert_eq!(file.rows.len(), 2, "{file:?}");
    assert!(!file.rows[0].wanted.holders[0].lendable);
    assert_eq!(bad(&file), ["3\trow\tnot-an-object\t", "4\tname\twrong-type\t", "5\trow\tunknown-member\tcolour"]);
}

#[test]
fn what_is_no_such_file_is_refused_whole() {
    let column = |name: &str| name.to_owned();
    for (format, bytes, why) in [
        (Format::Csv, &b""[..], Unreadable::NoRows),
        (Format::Csv, b"group,id,kind,name\n", Unreadable::NoRows),
        (Format::Csv, b"group,id,kind\nmoment,1,channel\n", Unreadable::MissingColumn(column("name"))),
        (Format::Csv, b"group,id,kind,name,colour\n", Unreadable::UnknownColumn(column("colour"))),
        (Format::Csv, b"group;id;kind;name\nmoment;1;channel;A\n", Unreadable::OtherSeparator(column(";"))),
        (Format::Csv, b"group\tid\tkind\tname\n", Unreadable::OtherSeparator(column("Tab"))),
        (Format::Csv, b"group,id,kind,name,id\n", Unreadable::ColumnTwice(column("id"))),
        (Format::Csv, b"group,id,kind,name\nmoment,1,channel,\xb0\xa1\n", Unreadable::NotUtf8(2)),
        (Format::Json, b"{}", Unreadable::NotAnArray),
        (Format::Json, b"[]", Unreadable::NoRows),
        (Format::Json, b"[\n1,\n", Unreadable::NotJson(3)),
        (Format::Json, b"[1] 2", Unreadable::NotJson(1)),
        (Format::Json, b"", Unreadable::NotJson(1)),
    ] {
        let said = read(format, bytes).map(|file| file.rows.len());
        let empty_json = matches!(said, Err(Unreadable::NotJson(_))) && bytes.is_empty();
        assert!(said == Err(why.clone()) || empty_json, "{bytes:?}: {said:?}, not {why:?}");
    }
    assert_eq!(read(Format::Csv, &vec![b' '; LONGEST + 1]).unwrap_err(), Unreadable::TooLong);
    let many = format!("group,id,kind,name\n{}", "m,1,channel,A\n".repeat(MOST + 1));
    assert_eq!(read(Format::Csv, many.as_bytes()).unwrap_err(), Unreadable::TooMany);
}

#[test]
fn a_format_is_guessed_by_name_then_by_sign() {
    for (name, bytes, format) in [
        ("a.csv", &b"[1]"[..], Format::Csv),
        ("a.JSON", b"", Format::Json),
        ("upload", b" [", Format::Json),
        ("upload", b"\xef\xbb\xbf[", Format::Json),
        ("upload", b"group", Format::Csv),
    ] {
        assert_eq!(Format::guess(name, bytes), format, "{name}");
    }
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in any::<Vec<u8>>(), text in "\\PC{0,60}") {
        for format in [Format::Csv, Format::Json] {
            let _ = read(format, &bytes);
            let _ = read(format, format!("group,id,kind,name,email\n{text}").as_bytes());
            let _ = read(format, format!("[{text}]").as_bytes());
        }
    }

    #[test]
    fn what_is_written_is_read(names in proptest::collection::vec("[^\\p{C}]{0,20}[a-z가-힣\",][^\\p{C}]{0,20}", 1..20)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["name", "group", "id", "kind", "email", "role"]).unwrap();
        for (at, name) in names.iter().enumerate() {
            writer.write_record([name, "moment", &at.to_string(), "channel", "kim@example.com", "owner"]).unwrap();
        }
        let file = read(Format::Csv, &writer.into_inner().unwrap()).unwrap();
        let read: Vec<_> = file.rows.iter().map(|row| row.wanted.asset.name.clone()).collect();
        let wanted: Vec<_> = names.iter().map(|name| name.trim().to_owned()).collect();
        prop_assert_eq!(read, wanted);
    }

    #[test]
    fn what_is_taken_can_be_kept(
        cells in proptest::collection::vec(proptest::collection::vec(any_cell(), 7), 1..12),
        noise in any::<Vec<u8>>(),
    ) {
        let mut file = b"group,id,kind,name,email,role,lendable\n".to_vec();
        for row in &cells {
            let quoted: Vec<String> = row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            file.extend(quoted.join(",").as_bytes());
            file.push(b'\n');
        }
        let members = |row: &Vec<String>| -> serde_json::Map<String, Value> {
            Column::ALL.iter().zip(row).map(|(column, cell)| (column.word().to_owned(), cell.as_str().into())).collect()
        };
        let json: Vec<Value> = cells.iter().map(|row| Value::Object(members(row))).collect();
        let spoiled = [file.as_slice(), &noise].concat();
        for (format, bytes) in [
            (Format::Csv, file.as_slice()),
            (Format::Csv, &spoiled),
            (Format::Csv, &noise),
            (Format::Json, serde_json::to_vec(&json).unwrap().as_slice()),
            (Format::Json, &noise),
        ] {
            let Ok(file) = read(format, bytes) else { continue };
            prop_assert!(file.rows.len() + file.bad.len() <= MOST);
            for row in &file.rows {
                kept(&row.wanted)?;
            }
            for bad in &file.bad {
                let line = bad.to_line();
                prop_assert!(line.matches('\t').count() == 3 && !line.contains('\n') && !line.contains('\0'), "{line:?}");
            }
        }
    }
}

/// A cell as people write it, or as nobody should.
fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "(moment|keyword|ad_account|channel|kim@example.com|owner|yes|no|[0-9]{1,3})",
        "(moment|ad_account|kim@example.com|owner|yes|7)[\\x00-\\x20\\x7f-\\x9f]{1,2}",
        "[\\x00-\\x1f]?\\PC{0,30}[\\x00\\x01\\t]?",
        any::<String>(),
    ]
}

/// Every store can keep it: no control characters, nothing empty, nothing too long, ids as they may be.
fn kept(wanted: &WantedAsset) -> Result<(), TestCaseError> {
    let WantedAsset { asset, holders } = wanted;
    let id = |text: &str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    };
    prop_assert!(id(&asset.group.0) && id(&asset.id.0), "{asset:?}");
    let mut texts = vec![asset.name.clone()];
    for holder in holders {
        let AccountName::Email(email) = &holder.account else { return Err(TestCaseError::fail("no address")) };
        texts.extend([email.clone(), holder.role.clone()]);
    }
    for text in texts {
        let long = text.chars().count();
        prop_assert!(
            !text.chars().any(char::is_control) && (1..=254).contains(&long) && text.trim() == text,
            "{text:?}"
        );
    }
    Ok(())
}
