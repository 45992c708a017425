//! Sentences that code makes one by one: lines of the journal, what an alarm found, and why something is refused.
//!
//! What always holds: every variant has a text in every language, which a test walks; the values that it names stand in its doc.

use super::terms::texts;

texts! {
    /// A line of the journal, or a part of one.
    Line {
        /// A change of a newer Saring.
        Unknown = "line-unknown",
        /// A proposal of a newer Saring.
        UnknownOrder = "line-unknown-order",
        /// A batch takes its `number`; names `what`.
        Staged = "line-staged",
        /// A proposal gets its `number`; names `what`.
        Proposal = "line-proposal",
        /// An override gets its `number`; names `what`.
        Override = "line-override",
        /// A credential gets its `number`; names `what`.
        Credential = "line-credential",
        /// A grant gets its `number`; names `what`.
        Grant = "line-grant",
        /// The register begins.
        Begins = "line-begins",
        /// A new epoch begins behind `number`.
        Epoch = "line-epoch",
        /// Batch `number` comes into force; names `what`.
        Active = "line-active",
        /// Batch `number` is given up.
        Discarded = "line-discarded",
        /// Settings of `count` lines hold from `moment`.
        Settings = "line-settings",
        /// A principal of this `kind` has its `name` and `title`.
        Principal = "line-principal",
        /// The same with an `operator`.
        PrincipalOf = "line-principal-of",
        /// A token for `name` until `moment`.
        Token = "line-token",
        /// Certificate `subject` for `name` until `moment`.
        Certificate = "line-certificate",
        /// Credential `number` counts no more.
        CredentialRevoked = "line-credential-revoked",
        /// `name` counts no more.
        PrincipalRevoked = "line-principal-revoked",
        /// `name` has a `role`.
        Role = "line-role",
        /// `name` has a `role` for `doors`.
        RoleFor = "line-role-for",
        /// Grant `number` ends.
        GrantEnds = "line-grant-ends",
        /// Proposal `number` has one more approver.
        EndorsedProposal = "line-endorsed-proposal",
        /// Batch `number` has one more approver for `state`.
        EndorsedBatch = "line-endorsed-batch",
        /// Proposal `number` is approved.
        Approved = "line-approved",
        /// Proposal `number` is rejected.
        Rejected = "line-rejected",
        /// A batch without body is submitted.
        SubmittedBare = "line-submitted-bare",
        /// Batch `number` is submitted; names `what`.
        Submitted = "line-submitted",
        /// Batch `number` is in `state` now.
        State = "line-state",
        /// Document `number` at `door` allows `count`.
        Document = "line-document",
        /// An `operator` hears `answer` from `moment` until `until`.
        Answer = "line-answer",
        /// Override `number` ends.
        OverrideEnds = "line-override-ends",
        /// An alarm of this `kind` says `what`.
        Alarm = "line-alarm",
        /// The same of batch `number`.
        AlarmOf = "line-alarm-of",
        /// Limits of the doors of `count` lines.
        Limits = "line-limits",
        /// A list of this `kind` through `door`.
        Through = "line-through",
        /// Its `class`, where it is not its kind.
        Class = "line-class",
        /// Whose it is: names `operator`.
        Of = "line-of",
        /// What it is of: names `model`.
        OfModel = "line-of-model",
        /// Its `document`.
        ByDocument = "line-by-document",
        /// `count` declared.
        Declared = "line-declared",
        /// `count` planned.
        Planned = "line-planned",
        /// Its last day, `until`.
        Until = "line-until",
        /// Its `reason`.
        Because = "line-because",
        /// The day `from` which it is black.
        BlackFrom = "line-black-from",
        /// `added` and `removed`.
        Rows = "line-rows",
        /// `count` rejected.
        RejectedRows = "line-rejected-rows",
        /// Its `files`.
        FromFiles = "line-from-files",
        /// From the beginning.
        Beginning = "line-beginning",
        /// From its approval.
        Approval = "line-approval",
        /// All operators.
        AllOperators = "line-all-operators",
        /// A key for the hashes of identities.
        KeyAdded = "line-key-added",
        /// Calendar `number` is in `state`.
        CalendarIs = "line-calendar-is",
        /// List `number` of an `operator`, its `kind`, rows (`added`), rejected (`count`).
        ListIn = "line-list-in",
    }
}

texts! {
    /// What an alarm found.
    Finding {
        /// A `door` is silent for `days` since `day`; 1 in `odds`.
        Silent = "finding-silent",
        /// A desk brings `imeis`, usually `own`, its `peers`.
        Desk = "finding-desk",
        /// The same of a desk without a past.
        NewDesk = "finding-new-desk",
        /// `imeis` weigh as `weight`, `expected`; of this batch `here`, `carried`.
        Stream = "finding-stream",
        /// The same, and beyond chance with other doors and days.
        Pooled = "finding-pooled",
        /// `hits` of `of`, a `share`, `usual` and `tolerated`.
        UnknownTacs = "finding-unknown-tacs",
        /// The same of what this door lists.
        ListedHere = "finding-listed-here",
        /// The same of what is listed anywhere.
        ListedElsewhere = "finding-listed-elsewhere",
        /// The same of the black list.
        Black = "finding-black",
        /// The same of phones with half their IMEIs.
        Half = "finding-half",
        /// The same of brands that `document` does not name; names what is `declared`.
        OtherBrand = "finding-other-brand",
        /// The same of models.
        OtherModel = "finding-other-model",
        /// `imeis` and `drawn` of `allowed`.
        Quota = "finding-quota",
        /// `tacs`, `usual`.
        Spread = "finding-spread",
    }
}

texts! {
    /// What an alarm points at.
    About {
        /// The submission itself.
        Submission = "about-submission",
        /// A `document`.
        Document = "about-document",
        /// A `brand` at a `door`.
        BrandAt = "about-brand-at",
        /// A `brand` at all doors.
        Brand = "about-brand",
        /// A `model` at all doors.
        Model = "about-model",
        /// A `desk`.
        Desk = "about-desk",
        /// A `door`.
        Door = "about-door",
    }
}

texts! {
    /// What the register itself gives as a reason or a title. The English text is what it records.
    Own {
        /// The first administrator's title.
        FirstAdministrator = "own-first-administrator",
        /// Why one may make the second administrator.
        SecondAdministrator = "own-second-administrator",
        /// Why the old token ends.
        Rotated = "own-rotated",
        /// Why what nobody decided is over.
        TimeOver = "own-time-over",
        /// Why a batch that was being prepared is given up.
        CutOff = "own-cut-off",
        /// Why something is taken back again after a restore.
        Carried = "own-carried",
    }
}

texts! {
    /// Why the register refuses.
    Why {
        /// There is no batch `number`.
        NoBatch = "why-no-batch",
        /// The same person approves twice.
        ApprovedAlready = "why-approved-already",
        /// `door` needs a document and `document` is none.
        NoDocument = "why-no-document",
        /// `document` has ended.
        DocumentEnded = "why-document-ended",
        /// `document` allows `quantity`, `drawn` are drawn, and batch `number` brings `added`.
        Overdrawn = "why-overdrawn",
        /// Batch `number` lists no devices.
        NotSuspended = "why-not-suspended",
        /// Batch `number` is in `state`: the step `done` is not for it.
        CannotStep = "why-cannot-step",
        /// `name` submitted batch `number`.
        OwnBatch = "why-own-batch",
        /// `name` is no approver for `door`.
        NotApprover = "why-not-approver",
        /// `name` is taken.
        NameTaken = "why-name-taken",
        /// `name` is no name.
        BadName = "why-bad-name",
        /// A token is rotated by who shows it.
        OnlyOwnToken = "why-only-own-token",
        /// There is no credential `number`.
        NoCredential = "why-no-credential",
        /// There is no principal `name`.
        NoPrincipal = "why-no-principal",
        /// There is no grant `number`.
        NoGrant = "why-no-grant",
        /// `name` is unknown or revoked.
        NotKnown = "why-not-known",
        /// `name` does not have the `role`.
        NotRole = "why-not-role",
        /// Two administrators have to stay.
        KeepTwo = "why-keep-two",
        /// Certificates of `subject` are those of `name`.
        CertificateTaken = "why-certificate-taken",
        /// `days` are more than `most`.
        TooManyDays = "why-too-many-days",
        /// A certificate without a name.
        NoSubject = "why-no-subject",
        /// `name` made proposal `number`.
        OwnProposal = "why-own-proposal",
        /// There is no override `number` to end.
        NoOverride = "why-no-override",
        /// It waited for more than `days`.
        Lapsed = "why-lapsed",
        /// Proposal `number` was decided by `name`.
        Decided = "why-decided",
        /// There is no proposal `number`.
        NoProposal = "why-no-proposal",
        /// No proposal `number` waits.
        NotWaiting = "why-not-waiting",
        /// `role` needs doors.
        RoleNeedsDoors = "why-role-needs-doors",
        /// `role` is for no doors.
        RoleWithoutDoors = "why-role-without-doors",
        /// A document without number or quantity.
        EmptyDocument = "why-empty-document",
        /// An override of a wrong time.
        OverrideTime = "why-override-time",
        /// `name` is neither submitter nor approver for `door`.
        NotOfDoor = "why-not-of-door",
        /// `name` made proposal `number` and may no longer ask for it.
        MayNoLonger = "why-may-no-longer",
        /// A large `kind` with this `number` needs a preview.
        PreviewNeeded = "why-preview-needed",
        /// `kind` `number` would do something else by now.
        PreviewOld = "why-preview-old",
        /// `kind` `number` changes no answer.
        NoPreview = "why-no-preview",
        /// An override has nothing to count.
        NothingOfOverride = "why-nothing-of-override",
        /// A proposal that changes no answer.
        NothingOfProposal = "why-nothing-of-proposal",
        /// Checks are not answered yet.
        NotPublished = "why-not-published",
        /// There is no calendar `number`.
        NoCalendar = "why-no-calendar",
        /// Calendar `number` is in `state` by `name`.
        CalendarDecided = "why-calendar-decided",
        /// Calendar `number` has another digest than was seen.
        CalendarOther = "why-calendar-other",
        /// `name` proposed calendar `number`.
        OwnCalendar = "why-own-calendar",
        /// Calendar `number` is older than the one in force, `other`.
        CalendarOld = "why-calendar-old",
        /// `name` belongs to an `operator`.
        NotNational = "why-not-national",
    }
}
