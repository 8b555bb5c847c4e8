//! The registry's tables as diesel sees them; `migrations/{sqlite,postgres}/registry` make them.

#![allow(missing_docs, reason = "columns are described in the migrations and on the row types")]

diesel::table! {
    subjects (id) {
        id -> Binary,
        category -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    subject_identifiers (kind, value) {
        kind -> Text,
        value -> Text,
        subject -> Binary,
    }
}

diesel::table! {
    subject_names (name_key, subject) {
        name_key -> Text,
        subject -> Binary,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        person -> Text,
        sealed -> Binary,
        begun_at -> BigInt,
        seen_at -> BigInt,
        provider_session -> Text,
    }
}

// FTS5, on SQLite alone.
diesel::table! {
    subject_name_grams (rowid) {
        rowid -> BigInt,
        grams -> Text,
        name_key -> Text,
        subject -> Binary,
    }
}

diesel::table! {
    batches (id) {
        id -> Binary,
        item -> Text,
        vintage -> Text,
        provider -> Text,
        file_digest -> Binary,
        received_at -> BigInt,
        report -> Text,
    }
}

diesel::table! {
    records (id) {
        id -> Binary,
        division -> Text,
        item -> Text,
        subject -> Binary,
        category -> Text,
        provider -> Text,
        provider_name -> Text,
        key_digest -> Binary,
        content_digest -> Binary,
        decided_on -> Text,
        published_until_sent -> Text,
        level -> Text,
        level_source -> Text,
        state -> Text,
        rule_pack -> Text,
        public_until -> Text,
        shared_until -> Text,
        received_on -> Text,
        flags -> Text,
        plain -> Text,
        sealed -> Binary,
        version -> BigInt,
        batch -> Binary,
    }
}

diesel::table! {
    record_versions (id, version) {
        id -> Binary,
        version -> BigInt,
        content_digest -> Binary,
        state -> Text,
        plain -> Text,
        sealed -> Binary,
        batch -> Binary,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    record_index (item, field, value, record) {
        item -> Text,
        field -> Text,
        value -> Text,
        record -> Binary,
    }
}

diesel::table! {
    authorizations (id) {
        id -> Binary,
        subject -> Binary,
        grantee -> Text,
        purpose -> Text,
        items -> Text,
        valid_from -> BigInt,
        valid_to -> BigInt,
        uses_allowed -> Nullable<BigInt>,
        uses_taken -> BigInt,
        revoked_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    break_glass (id) {
        id -> Binary,
        subject -> Binary,
        department -> Text,
        officer -> Text,
        day -> Text,
        number -> BigInt,
        purpose -> Text,
        case_index -> Text,
        items -> Text,
        valid_from -> BigInt,
        valid_to -> BigInt,
        entry -> Nullable<BigInt>,
    }
}

diesel::table! {
    break_glass_notices (opening, provider) {
        opening -> Binary,
        provider -> Text,
    }
}

diesel::table! {
    joint_actions (id) {
        id -> Binary,
        kind -> Text,
        subject -> Binary,
        basis -> Binary,
        initiator -> Text,
        legal_basis -> Text,
        measures -> Text,
        act_on -> Text,
        notified_on -> Text,
        initiated_on -> Text,
        ends_on -> Text,
        stage -> Text,
        ending -> Text,
        suspensions -> BigInt,
        suspended_on -> Text,
        due_on -> Text,
        steps -> BigInt,
        entry -> BigInt,
    }
}

diesel::table! {
    assignments (id) {
        id -> Binary,
        action -> Binary,
        place -> BigInt,
        department -> Text,
        measure -> Text,
        stage -> Text,
        assigned_on -> Text,
        answered_on -> Text,
        reported_on -> Text,
        due_on -> Text,
    }
}

diesel::table! {
    case_steps (case_id, number) {
        case_id -> Binary,
        number -> BigInt,
        step -> Text,
        assignment -> Nullable<Binary>,
        role -> Text,
        department -> Text,
        at -> BigInt,
        due_on -> Text,
        facts -> Text,
        sealed -> Binary,
        entry -> BigInt,
    }
}

diesel::table! {
    applications (id) {
        id -> Binary,
        kind -> Text,
        subject -> Binary,
        record -> Binary,
        record_version -> BigInt,
        provider -> Text,
        stage -> Text,
        decided_as -> Text,
        filed_on -> Text,
        decided_on -> Text,
        due_on -> Text,
        steps -> BigInt,
        entry -> BigInt,
    }
}

diesel::table! {
    tombstones (id) {
        id -> Binary,
        case_id -> Binary,
        record -> Binary,
        item -> Text,
        cause -> Text,
        receiver -> Text,
        created_at -> BigInt,
        acknowledged_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    promises (id) {
        id -> Binary,
        subject -> Binary,
        office -> Text,
        sha256 -> Text,
        promised_on -> Text,
        due_on -> Text,
        kept_on -> Text,
        entry -> BigInt,
    }
}

diesel::table! {
    event_heads (receiver) {
        receiver -> Text,
        sequence -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> Binary,
        receiver -> Text,
        sequence -> BigInt,
        subject -> Binary,
        kind -> Text,
        about -> Binary,
        step -> Text,
        at -> BigInt,
        entry -> BigInt,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Binary,
        receiver -> Text,
        url -> Text,
        state -> Text,
        version -> BigInt,
        sealed -> Binary,
        former_until -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    deliveries (webhook, sequence) {
        webhook -> Binary,
        sequence -> BigInt,
        event -> Binary,
        subject -> Binary,
        state -> Text,
        attempts -> BigInt,
        next_at -> BigInt,
        told -> Text,
    }
}

diesel::table! {
    tipoffs (id) {
        id -> Binary,
        subject -> Binary,
        code -> Text,
        field -> Text,
        stage -> Text,
        department -> Text,
        handler -> Text,
        outcome -> Text,
        submitted_on -> Text,
        answered_on -> Text,
        attachments -> BigInt,
        conduct -> Binary,
        answer -> Binary,
        steps -> BigInt,
        entry -> BigInt,
    }
}

diesel::table! {
    tipoff_reporters (tipoff) {
        tipoff -> Binary,
        sealed -> Binary,
    }
}

diesel::table! {
    tipoff_attachments (tipoff, number) {
        tipoff -> Binary,
        number -> BigInt,
        kind -> Text,
        bytes -> BigInt,
        sealed -> Binary,
        digest -> Text,
    }
}

diesel::table! {
    listings (id) {
        id -> Binary,
        item -> Text,
        subject -> Binary,
        decider -> Text,
        legal_basis -> Text,
        stage -> Text,
        notified_on -> Text,
        state_by -> Text,
        decided_on -> Text,
        record -> Nullable<Binary>,
        steps -> BigInt,
        entry -> BigInt,
    }
}

diesel::table! {
    exchange_packages (platform, number) {
        platform -> Text,
        number -> BigInt,
        item -> Text,
        name -> Text,
        state -> Text,
        lines -> BigInt,
        digest -> Text,
        created_at -> BigInt,
        entry -> BigInt,
    }
}

diesel::table! {
    exchange_items (platform, record) {
        platform -> Text,
        record -> Binary,
        item -> Text,
        version -> BigInt,
        operation -> Text,
        package -> BigInt,
        state -> Text,
        told -> Text,
    }
}

diesel::table! {
    exchange_received (platform, name) {
        platform -> Text,
        name -> Text,
        digest -> Text,
        accepted -> BigInt,
        refused -> BigInt,
        received_at -> BigInt,
        receipt -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    subjects,
    subject_identifiers,
    subject_names,
    batches,
    records,
    record_versions,
    record_index,
    authorizations,
    break_glass,
    break_glass_notices,
    joint_actions,
    assignments,
    case_steps,
    applications,
    promises,
    tombstones,
    event_heads,
    events,
    webhooks,
    deliveries,
    tipoffs,
    tipoff_reporters,
    tipoff_attachments,
    listings,
    exchange_packages,
    exchange_items,
    exchange_received
);
