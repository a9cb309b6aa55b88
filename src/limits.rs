//! Every limit by name. What is beyond a limit is refused with a reason, never truncated in silence.

/// Largest request body, in bytes (1 MiB): beyond it 413.
pub const BODY_MAX_BYTES: usize = 1_048_576;
/// How much of a refused body is let run out, in bytes, so that its sender hears the answer; none of it is kept.
pub const BODY_DRAIN_MAX_BYTES: usize = 32 * 1_048_576;
/// How long a refused body may take to run out, in seconds.
pub const BODY_DRAIN_SECONDS: u64 = 5;
/// Deepest nesting of a JSON body: beyond it 400.
pub const JSON_DEPTH_MAX: usize = 64;
/// Most values in a JSON body, names of members not counted: beyond it 400. A body of nothing but brackets would
/// otherwise cost far more to judge than to send.
pub const JSON_VALUES_MAX: usize = 100_000;
/// Longest number in a JSON body, in bytes: beyond it 400.
pub const JSON_NUMBER_MAX_BYTES: usize = 64;
/// Most digits in the exponent of a JSON number: beyond it 400, for `1e999999999` is short to write and long
/// to reckon with.
pub const JSON_EXPONENT_MAX_DIGITS: usize = 3;
/// Longest FHIRPath expression, in bytes: beyond it the expression is refused when it is read.
pub const PATH_MAX_BYTES: usize = 16_384;
/// Deepest nesting of brackets and arguments in a FHIRPath expression.
pub const PATH_NESTING_MAX: usize = 48;
/// Most operators, or most steps of a path, in a row in a FHIRPath expression.
pub const PATH_CHAIN_MAX: usize = 100;
/// Highest tree of a FHIRPath expression, in steps: how deep evaluation goes on the stack.
pub const PATH_DEPTH_MAX: usize = 128;
/// Longest regular expression in FHIRPath, in bytes.
pub const PATH_PATTERN_MAX_BYTES: usize = 2_048;
/// Largest compiled form of one, in bytes.
pub const PATH_PATTERN_COMPILED_MAX_BYTES: usize = 1_048_576;
/// Deepest nesting of groups in one.
pub const PATH_PATTERN_DEPTH_MAX: u32 = 32;
/// Steps (about 10 ns each) that evaluating one FHIRPath expression may take: beyond it there is no answer, and that
/// is reported.
pub const PATH_STEPS_MAX: u32 = 1_000_000;
/// Steps that a regular expression counts as when it has to be compiled at evaluation.
pub const PATH_PATTERN_STEPS: usize = 10_000;
/// Steps that looking up a reference counts as.
pub const PATH_RESOLVE_STEPS: usize = 100;
/// Longest text that FHIRPath may make, in bytes: beyond it there is no answer, and that is reported.
pub const PATH_TEXT_MAX_BYTES: usize = 1_048_576;
/// Most items in one collection of FHIRPath.
pub const PATH_ITEMS_MAX: usize = 100_000;
/// Most issues reported for one message; one more line says that there are others.
pub const ISSUES_MAX: usize = 100;
/// How far ahead of this clock an assessment may say that it was made or somebody was seen, in seconds: clocks differ.
pub const ASSESSED_AHEAD_MAX_SECONDS: i64 = 300;
/// Most versions of one assessment, each in the place of the one before.
pub const AMENDMENTS_MAX: usize = 100;
/// Longest identifier of a person or a case that is looked at, in bytes: a longer one has no form that is known.
pub const IDENTIFIER_MAX_BYTES: usize = 64;
/// Most that `keyway identifier` reads from its standard input, in bytes.
pub const IDENTIFIERS_INPUT_MAX_BYTES: usize = 1_048_576;
/// Most of our ids of referrals in one message that is about one of them.
pub const REFERRALS_NAMED_MAX: usize = 8;
/// How long a request may take to arrive and be answered, in seconds: beyond it 408.
pub const REQUEST_TIMEOUT_SECONDS: u64 = 30;
/// How long a request's head may take to arrive, in seconds: beyond it 408.
pub const REQUEST_HEAD_TIMEOUT_SECONDS: u64 = 10;
/// Requests that are worked on at once, over all connections: beyond it 503 with Retry-After.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 512;
/// Of those, the most that one client may have at once: beyond it 503 with Retry-After for that client alone.
pub const REQUESTS_IN_FLIGHT_PER_CLIENT_MAX: usize = 64;
/// Files that are kept for the database, deliveries and the log: connections leave so many of those that this process
/// may have open.
pub const FILES_RESERVED: usize = 512;
/// Fewest files that this process must be allowed to have open: below it the gateway does not start.
pub const FILES_MIN: usize = 1_024;
/// Files that one connection may need: itself, and what closes it when nobody asks anything over it.
pub const FILES_PER_CONNECTION: usize = 2;
/// Files that must be left for the gateway to be ready.
pub const FILES_LEFT_MIN: usize = 32;
/// Most connections to the partners' listener: others wait until one ends. Fewer where files are few.
pub const PARTNERS_CONNECTIONS_MAX: usize = 4_096;
/// Most connections to the public listener, likewise.
pub const PUBLIC_CONNECTIONS_MAX: usize = 512;
/// Most connections to the operators' listener, likewise.
pub const OPERATORS_CONNECTIONS_MAX: usize = 64;
/// Most connections of one client (one certificate, or one address where there is none) to one listener, and never
/// more than a quarter of them: one more is closed after its handshake. Twice the requests that it may have at once.
pub const CONNECTIONS_PER_CLIENT_MAX: usize = 128;
/// TLS handshakes under way at once on one thread of a listener: further ones wait.
pub const HANDSHAKES_MAX: usize = 256;
/// How long a TLS handshake may take, in seconds.
pub const HANDSHAKE_SECONDS: u64 = 10;
/// How long a connection over which nobody asks anything is kept, in seconds: longer than clients keep theirs. Over
/// HTTP/2, whose clients may keep it open with pings, twice as long at most.
pub const CONNECTION_IDLE_SECONDS: u64 = 75;
/// Longest path and query of an address together, in bytes: beyond it 414. The link to a further page holds a whole search,
/// sealed, and has room. (Beyond 65,534 the HTTP library refuses by itself, with 400 and no body.)
pub const ADDRESS_MAX_BYTES: usize = 49_152;
/// How long after its request an answer that there is nothing goes out at the earliest, in milliseconds: longer than it takes
/// to find that out, so that an answer's time does not tell what is another's from what is not there.
pub const NOTHING_HERE_AFTER_MILLISECONDS: u64 = 5;
/// Longest header value that is read, in bytes.
pub const HEADER_VALUE_MAX_BYTES: usize = 8_192;
/// Requests a second that one client may make on average.
pub const REQUESTS_PER_SECOND: u32 = 500;
/// Requests that one client may make at once above the average.
pub const REQUEST_BURST: u32 = 1_000;

/// Jobs that may wait for the database's writer: beyond it 503 with Retry-After.
pub const WRITER_QUEUE_MAX: usize = 1_024;
/// Jobs committed together by the writer.
pub const WRITER_GROUP_MAX: usize = 64;
/// Read connections to the embedded database.
pub const READERS: usize = 4;
/// Audit entries that may wait for their place in the log: beyond it new work is refused, 503 with Retry-After. How an
/// attempt ended is recorded all the same.
pub const SEQUENCER_LAG_MAX: i64 = 100_000;
/// Audit entries sequenced in one transaction.
pub const SEQUENCER_BATCH_MAX: usize = 1_000;
/// Entries of an earlier release whose hashes are put into tiles at once.
pub const TILES_CAUGHT_UP_MAX: u64 = 10_000;
/// How long after an entry was made a signed checkpoint that covers it may come, in microseconds (1 second): beyond it the
/// checkpoint counts as late.
pub const CHECKPOINT_LATE_MICROS: i64 = 1_000_000;
/// The shortest time between two checkpoints while entries keep coming, in milliseconds.
pub const CHECKPOINT_EVERY_MILLISECONDS: u64 = 200;
/// Audit entries about one referral that one answer shows: the latest, and that there are earlier ones is said.
pub const AUDIT_SHOWN_MAX: usize = 10_000;
/// Entries that one answer to "who saw" reads of one record of a person: the latest, and that there are earlier ones is said.
pub const LEDGER_ROWS_MAX: usize = 5_000;
/// Rows of any other answer to an information governance officer; that there are more is said.
pub const OVERSIGHT_ROWS_MAX: usize = 5_000;
/// Longest text that an officer's question over HTTP holds, in bytes; a review's reason has its own limit.
pub const OFFICERS_TEXT_MAX_BYTES: usize = 4_000;
/// Reminders of a recall that nobody answers.
pub const RECALL_REMINDERS_MAX: i64 = 3;
/// Seconds before each reminder of a recall, from when it was asked or last reminded of; the last: before it counts as
/// unanswered. Three days, four, seven and seven: three weeks in all.
pub const RECALL_REMINDER_WAITS_SECONDS: [i64; 4] = [3 * 86_400, 4 * 86_400, 7 * 86_400, 7 * 86_400];
/// Recalls that one round of reminders sees to.
pub const RECALL_REMINDERS_BATCH_MAX: usize = 100;
/// Seconds between two rounds of reminders.
pub const RECALL_REMINDERS_EVERY_SECONDS: u64 = 60;
/// Seconds for which a reminder that cannot be made is put off.
pub const RECALL_REMINDER_PUT_OFF_SECONDS: i64 = 86_400;
/// Officers of a site who may ask over HTTP.
pub const OFFICERS_MAX: usize = 100;
/// Decisions about one referral that are read to say why: the latest.
pub const DECISIONS_TOLD_MAX: usize = 1_000;
/// For how many days after the final answer content is kept where no record of processing says otherwise.
pub const RETENTION_DAYS: u16 = 30;
/// Most referrals, and most assessments, that one round of purging looks at.
pub const RETENTION_ROUND_MAX: usize = 100;
/// How long after a round of purging the next one begins, in seconds.
pub const RETENTION_EVERY_SECONDS: u64 = 60;
/// Most rounds of purging that one command makes.
pub const RETENTION_ROUNDS_MAX: usize = 1_000;
/// Most amendments of an assessment that are followed to see whether anything still rests on it; beyond, it is kept.
pub const AMENDMENTS_FOLLOWED_MAX: usize = 1_000;
/// Most fields of one draft of what a person is told of themselves.
pub const SUBJECT_ACCESS_FIELDS_MAX: usize = 50_000;
/// Most bytes of a file of decisions on a draft.
pub const SUBJECT_ACCESS_DECISIONS_MAX_BYTES: u64 = 16_777_216;
/// For how many days a draft of what a person is told of themselves is kept.
pub const SUBJECT_ACCESS_KEPT_DAYS: i64 = 180;
/// How often emptying the database's log is tried after something was purged or erased.
pub const WAL_CUTS_MAX: usize = 20;
/// Longest reason of a review, a hold or an erasure, in bytes.
pub const REVIEW_REASON_MAX_BYTES: usize = 2_000;
/// Deliveries that may wait for one partner before new work for it is refused.
pub const PARTNER_BACKLOG_MAX: u64 = 1_000_000;

/// How long an idempotency key is kept, in seconds (30 days).
pub const IDEMPOTENCY_KEPT_SECONDS: i64 = 30 * 24 * 3600;
/// Life of an access token, in seconds.
pub const TOKEN_LIFETIME_SECONDS: i64 = 300;
/// Clock difference that is forgiven when a token is checked, in seconds.
pub const TOKEN_LEEWAY_SECONDS: i64 = 30;

/// Lanes leased at once by one worker.
pub const LEASE_LANES_MAX: usize = 32;
/// Lanes under way at once in one worker: enough that one partner that hangs does not hold up the others.
pub const LANES_IN_FLIGHT_MAX: usize = 128;
/// How long a lane is leased, in seconds: longer than an attempt can take.
pub const LEASE_SECONDS: i64 = 30;
/// How long a lane stays leased after the latest moment at which a begun attempt can end, in seconds: time to record
/// how it ended.
pub const LEASE_MARGIN_SECONDS: i64 = 5;
/// The latest that the first byte of an attempt may leave after the attempt was recorded, in seconds.
pub const SEND_BY_SECONDS: i64 = 10;
/// Time for one attempt from connection to the end of the answer, in seconds.
pub const ATTEMPT_TIMEOUT_SECONDS: u64 = 10;
/// Time for one connection to a partner, in seconds: half an attempt, so that a second address gets its turn.
pub const CONNECT_TIMEOUT_SECONDS: u64 = 5;
/// Idle connections kept open to one partner.
pub const PARTNER_IDLE_CONNECTIONS_MAX: usize = 4;
/// How long an idle connection to a partner is kept, in seconds.
pub const PARTNER_IDLE_SECONDS: u64 = 20;
/// Largest answer that is read from a partner, in bytes.
pub const PARTNER_ANSWER_MAX_BYTES: usize = 262_144;
/// Tries before a delivery is set aside as a dead letter.
pub const ATTEMPTS_MAX: u32 = 12;
/// Wait before each further try, in seconds; the last is repeated.
pub const RETRY_SECONDS: [i64; 7] = [1, 5, 30, 300, 1_800, 7_200, 18_000];
/// Longest wait that a partner's Retry-After may ask for, in seconds.
pub const RETRY_AFTER_MAX_SECONDS: i64 = 3_600;

/// Longest id of its own that the sender of a mailbox message may give it, in bytes.
pub const LOCAL_ID_MAX_BYTES: usize = 255;
/// Most Consents that one decision is made from: beyond it the answer is no.
pub const CONSENTS_DECIDED_MAX: usize = 100;
/// Deepest nesting of provisions in a Consent that is evaluated, the root among them: beyond it the answer is no.
pub const CONSENT_PROVISION_DEPTH_MAX: usize = 16;
/// Most provisions in one Consent that is evaluated: beyond it the answer is no.
pub const CONSENT_PROVISIONS_MAX: usize = 500;
/// Most items in any one list of a Consent that is evaluated, or of a request for a decision: beyond it the answer is no.
pub const CONSENT_LIST_MAX: usize = 200;
/// Largest file that `keyway validate` reads, in bytes.
pub const VALIDATED_FILE_MAX_BYTES: u64 = 16 * 1_048_576;
/// Mailbox items in one list answer.
pub const MAILBOX_PAGE_MAX: usize = 500;
/// How long a disclosure without consent may wait for its review, in seconds (72 hours).
pub const OVERRIDE_REVIEW_SECONDS: i64 = 72 * 3600;

/// Within which time an answer to an emergency referral is awaited, in seconds (4 hours). Our proposal.
pub const ANSWER_EMERGENCY_SECONDS: i64 = 4 * 3600;
/// The same for an urgent one (2 days).
pub const ANSWER_URGENT_SECONDS: i64 = 2 * 24 * 3600;
/// The same for a routine one (14 days).
pub const ANSWER_ROUTINE_SECONDS: i64 = 14 * 24 * 3600;
/// How long before a hearing an answer for it is due, in seconds (2 hours): it must still be read. Our proposal.
pub const HEARING_LEAD_SECONDS: i64 = 2 * 3600;

/// Resources on one page of a FHIR search when nothing else is asked for.
pub const SEARCH_PAGE_DEFAULT: usize = 20;
/// Most resources on one page of a FHIR search; `_count` beyond it is cut to it, and the answer's own link says so.
pub const SEARCH_PAGE_MAX: usize = 100;
/// Records that one page of a FHIR search looks through; beyond it the page ends where it is, with a link to go on.
pub const SEARCH_SCAN_MAX: usize = 2_000;
/// Records that a FHIR search fetches at once.
pub const SEARCH_BATCH: usize = 200;
/// Most parameters of one FHIR search: beyond it 400.
pub const SEARCH_PARAMETERS_MAX: usize = 20;
/// Longest value of one parameter of a FHIR search, in bytes: beyond it 400.
pub const SEARCH_VALUE_MAX_BYTES: usize = 1_024;
/// Most values, parted by commas, of one parameter of a FHIR search: beyond it 400.
pub const SEARCH_VALUES_MAX: usize = 20;
/// Resources that `_include` may add to one page.
pub const SEARCH_INCLUDED_MAX: usize = 100;
/// How long refused looks at others' records wait before their entries are written, all in one commit, in milliseconds: at
/// the pace of somebody who tries one id after the other, longer than many of his requests.
pub const REFUSED_LOOKS_GATHER_MILLISECONDS: u64 = 100;
/// Refused looks that may wait for their entries, of all partners. Beyond it they get none, and the log says so.
pub const REFUSED_LOOKS_WAITING: usize = 8_000;
/// Of those, the most of one partner: a whole burst of requests, and those of the time that they wait.
pub const REFUSED_LOOKS_PER_PARTNER: usize = 1_200;
/// Entries about refused looks in one commit, so that other commits come between.
pub const REFUSED_LOOKS_IN_COMMIT: usize = 64;

/// Reads that may wait for a connection to the embedded database.
pub const READER_QUEUE_MAX: usize = 1_024;
/// Prepared statements kept by each connection: more than there are.
pub const STATEMENTS_KEPT: usize = 128;
/// How long a connection waits for another process's lock on the embedded database, in milliseconds.
pub const DATABASE_BUSY_TIMEOUT_MILLISECONDS: u64 = 5_000;
/// How often pages move from the WAL to the database, in milliseconds.
pub const CHECKPOINT_INTERVAL_MILLISECONDS: u64 = 500;
/// A WAL file beyond this size is cut to nothing, in bytes (64 MiB).
pub const WAL_TRUNCATE_BYTES: u64 = 64 * 1_048_576;
/// How long cutting the WAL may hold up the writer while it waits for readers, in milliseconds.
pub const WAL_TRUNCATE_TIMEOUT_MILLISECONDS: u64 = 200;

/// How long deliveries to a suspended partner wait before they are looked at again, in seconds.
pub const SUSPENDED_WAIT_SECONDS: i64 = 300;
/// Wait after a step of a delivery that failed for a fault of ours, in seconds.
pub const GATEWAY_FAULT_WAIT_SECONDS: i64 = 5;
/// Faults of ours in a row before a delivery is set aside.
pub const GATEWAY_FAULTS_MAX: u32 = 60;
/// How far ahead of the gateway's clock a sender's clock may be, in seconds.
pub const CLOCK_AHEAD_SECONDS: i64 = 300;

/// Largest list of agencies or agreements, and largest certificate file in one, that is read, in bytes.
pub const DIRECTORY_FILE_MAX_BYTES: u64 = 4 * 1_048_576;
/// Most header fields of a request.
pub const HEADERS_MAX: usize = 100;
/// Most bytes of all header fields together.
pub const HEADERS_MAX_BYTES: usize = 65_536;

/// Most elements of one definition, in its differential and in its snapshot: beyond it the definition is refused.
pub const DEFINITION_ELEMENTS_MAX: usize = 10_000;
/// Most definitions that one rests on in a row, bases and unfolded types together: beyond it the definition is refused.
pub const DEFINITION_DEPTH_MAX: usize = 32;
/// Most definitions, value sets and code systems that are kept beside base R4: beyond it the next is refused.
pub const DEFINITIONS_MAX: usize = 20_000;
/// Most codes of one value set or code system: beyond it the value set cannot be decided, and the code system is refused.
pub const CODES_MAX: usize = 200_000;
/// Most value sets that import one another in a row: beyond it the value set cannot be decided.
pub const VALUE_SET_DEPTH_MAX: usize = 16;
/// Most files of a FHIR package that are read, and most entries of a folder or an archive that are looked at.
pub const PACKAGE_FILES_MAX: usize = 20_000;
/// Largest file of a FHIR package, in bytes (16 MiB): beyond it the package is refused.
pub const PACKAGE_FILE_MAX_BYTES: u64 = 16 * 1_048_576;
/// Most bytes of a FHIR package, unpacked (512 MiB): beyond it the package is refused.
pub const PACKAGE_MAX_BYTES: u64 = 512 * 1_048_576;
/// Longest header of a `.tgz` that gives the next entry its name, in bytes.
pub const PACKAGE_NAME_MAX_BYTES: u64 = 64 * 1_024;
/// Deepest folder below that of a FHIR package which is looked into.
pub const PACKAGE_DEPTH_MAX: usize = 16;
/// Most faults of a FHIR package that are told.
pub const PACKAGE_FAULTS_MAX: usize = 100;

/// Steps of one check of a resource: an element, a trial of a slice, an invariant is one or more. What lies beyond is
/// not checked, and an error says so.
pub const CHECK_STEPS_MAX: u64 = 2_000_000;
/// Deepest place that a check goes to, in steps of its path: beyond it an error says so.
pub const CHECK_DEPTH_MAX: usize = 200;
/// Most trials within trials of one check (does this reference's target fit the profile, whose references …).
pub const CHECK_TRIALS_DEEP_MAX: usize = 8;
/// Most profiles of one resource that are checked: that there are more is an error.
pub const CHECK_PROFILES_MAX: usize = 16;
/// Longest narrative of a resource, in bytes.
pub const NARRATIVE_MAX_BYTES: usize = 262_144;
/// Deepest nesting in a narrative.
pub const NARRATIVE_DEPTH_MAX: usize = 64;
/// Largest file of a site adapter, in bytes (256 KiB): a larger one is refused when it is read.
pub const ADAPTER_MAX_BYTES: usize = 262_144;
/// Most adapters of a service's own that the settings may name.
pub const SITE_ADAPTERS_MAX: usize = 100;
/// Most files and folders in a folder of adapters.
pub const SITE_FOLDER_ENTRIES_MAX: usize = 1_000;
/// Most rules in a site adapter.
pub const ADAPTER_RULES_MAX: usize = 1_000;
/// Most that a service sends at once for its adapter to read, in bytes (4 MiB).
pub const SITE_FILE_MAX_BYTES: usize = 4_194_304;
/// Most forms in it: objects, or rows of a sheet.
pub const SITE_FORMS_MAX: usize = 1_000;
/// Most columns of a sheet.
pub const SITE_COLUMNS_MAX: usize = 1_000;
