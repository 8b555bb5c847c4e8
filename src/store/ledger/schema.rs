//! The ledger's tables, as diesel sees them.
#![expect(missing_docs, reason = "the columns are explained in the migration")]

diesel::table! {
    ledger_head (id) {
        id -> Integer,
        origin -> Text,
        epoch -> BigInt,
        next -> BigInt,
    }
}

diesel::table! {
    ledger_entry (idx) {
        idx -> BigInt,
        ins -> Text,
        iseq -> BigInt,
        t -> BigInt,
        kind -> Text,
        role -> Text,
        consumer -> Text,
        decision -> Text,
        items -> Text,
        leaf -> Binary,
        leaf_hash -> Binary,
    }
}

diesel::table! {
    ledger_body (idx) {
        idx -> BigInt,
        period -> Text,
        sealed -> Binary,
    }
}

diesel::table! {
    ledger_subject_recent (idx, subject) {
        idx -> BigInt,
        subject -> Binary,
    }
}

diesel::table! {
    ledger_subject (segment, subject, idx) {
        segment -> BigInt,
        subject -> Binary,
        idx -> BigInt,
    }
}

diesel::table! {
    ledger_tree (id) {
        id -> Integer,
        size -> BigInt,
        root -> Binary,
        subtrees -> Binary,
        edge -> Binary,
    }
}

diesel::table! {
    ledger_tile (level, idx) {
        level -> Integer,
        idx -> BigInt,
        hashes -> Binary,
    }
}

diesel::table! {
    ledger_checkpoint (size) {
        size -> BigInt,
        t -> BigInt,
        note -> Text,
    }
}

diesel::table! {
    ledger_period_key (period) {
        period -> Text,
        wrapped -> Binary,
        created_at -> BigInt,
        destroyed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    ledger_redaction (idx) {
        idx -> BigInt,
        reason -> Text,
        proposed_by -> Text,
        proposed_role -> Text,
        proposed_at -> BigInt,
        first_by -> Text,
        first_role -> Text,
        first_at -> Nullable<BigInt>,
        second_by -> Text,
        second_role -> Text,
        second_at -> Nullable<BigInt>,
        done_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    ledger_delay (idx) {
        idx -> BigInt,
        until_on -> Text,
        ground -> Text,
        proposed_by -> Text,
        proposed_role -> Text,
        proposed_at -> BigInt,
        agreed_by -> Text,
        agreed_role -> Text,
        agreed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    ledger_review (idx) {
        idx -> BigInt,
        consumer -> Text,
        reasons -> Text,
        due_on -> Text,
        state -> Text,
        reviewed_by -> Text,
        reviewed_role -> Text,
        reviewed_at -> Nullable<BigInt>,
        comment -> Text,
    }
}

diesel::table! {
    ledger_review_progress (id) {
        id -> Integer,
        next -> BigInt,
    }
}

diesel::table! {
    ledger_epoch (epoch) {
        epoch -> BigInt,
        origin -> Text,
        ended_idx -> BigInt,
        ended_at -> BigInt,
        kept -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(ledger_entry, ledger_body);
