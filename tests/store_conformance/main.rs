//! What every store must do, told against the trait: each engine is put through the same stories.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod browse;
#[cfg(test)]
mod commit;
#[cfg(test)]
mod conversations;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod given;
#[cfg(test)]
mod lanes;
#[cfg(test)]
mod mailbox;
#[cfg(test)]
mod oversight;
#[cfg(test)]
mod overtaking;
#[cfg(test)]
#[path = "../given/processing_record.rs"]
mod processing_record;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod versions;

/// Tells each story to each engine.
macro_rules! stories {
    ($($room:ident: $($story:ident),+;)+) => {
        #[cfg(test)]
        mod sqlite {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    crate::$room::$story(&crate::engine::Sqlite::new()).await;
                }
            )+)+
        }
    };
}

stories! {
    reads: every_row_is_read_back_as_written, what_finds_a_person_no_more_finds_nobody, what_is_not_there_is_none, another_site_sees_nothing;
    commit: a_commit_is_all_or_nothing, a_refused_job_does_not_harm_its_neighbours,
        a_value_that_may_exist_once_exists_once, a_kept_answer_expires, a_person_has_one_open_episode, a_recall_is_answered_once,
        an_attempt_ends_once, a_root_key_is_made_once_and_before_there_are_people, a_parent_that_is_missing_is_an_error_for_that_job_only,
        of_two_commits_under_one_key_one_wins;
    versions: every_precondition_is_checked, a_referral_moves_one_version_at_a_time,
        an_agreement_moves_its_partner_on, a_version_of_an_agreement_never_changes, the_latest_version_of_a_consent_counts, the_store_is_healthy;
    lanes: a_lane_is_carried_in_order_one_at_a_time, what_is_not_due_waits_and_holds_up_nothing,
        what_is_tried_again_holds_what_is_behind_it, a_fence_keeps_a_late_worker_out,
        a_lease_that_ran_out_is_taken_again, a_lease_that_ran_out_begins_nothing, a_dead_head_holds_its_lane_until_it_is_discarded,
        a_dead_head_that_is_replayed_goes_out_again, each_lane_is_leased_to_one_worker,
        concurrent_deliveries_get_numbers_of_their_own, a_changed_delivery_cannot_be_changed_under_its_old_version,
        the_longest_due_lane_is_leased_first;
    overtaking: a_withdrawal_overtakes_what_is_queued, a_begun_attempt_is_not_overtaken,
        a_withdrawal_may_be_alone, two_withdrawals_keep_numbers_apart,
        a_withdrawal_overtakes_a_dead_head_which_still_holds_the_others,
        a_withdrawal_overtakes_a_retry_and_does_not_wait_for_what_is_not_due,
        a_begun_attempt_is_not_overtaken_though_an_item_lies_in_a_mailbox;
    mailbox: items_are_listed_oldest_first_in_pages, mailbox_items_are_never_leased,
        a_withdrawn_or_acknowledged_item_is_gone, an_item_is_not_shown_before_its_time, what_waits_is_counted;
    audit: entries_get_places_after_concurrent_commits, places_keep_the_order_within_a_commit,
        a_late_entry_with_an_early_time_still_gets_a_place,
        the_latest_entries_about_a_referral_are_shown, the_log_begins_empty,
        the_tiles_grow_with_the_log;
    browse: referrals_are_paged_in_the_order_of_time_from_either_side, every_version_is_kept_as_it_was,
        consents_are_paged_in_their_latest_versions_by_when_they_changed, a_person_is_found_by_the_pseudonym_of_one_agency,
        ones_own_acts_are_paged_in_both_directions, what_is_anothers_is_not_found_at_all,
        what_was_refused_is_found_by_the_owner_alone;
    oversight: who_saw_somebody_is_found_latest_first_and_told_in_order, a_review_is_recorded_once_and_of_what_is_there,
        an_officer_is_found_by_name_and_has_a_certificate_of_their_own, recalls_are_told_with_where_their_notices_stand,
        what_is_due_of_a_recall_is_taken_once_and_not_after_its_answer, what_was_disclosed_is_counted_by_agreement,
        what_stood_at_a_moment_is_found_as_it_stood;
    conversations: a_referral_is_found_by_what_its_sender_calls_it,
        a_bundle_id_means_one_referral_and_a_referral_has_one_conversation;
    restart: everything_is_there_after_a_restart, a_lease_outlives_its_process;
}
