# SPDX-License-Identifier: BSD-2-Clause
# Generated: see userspace/manual.
# shellcheck shell=bash disable=SC2207  # words of the program's own, without spaces

# The words that begin with what is typed.
_acceptscope_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }

# Ports or pids of this host; of a comma-separated list the last one.
_acceptscope_list() {
	local done=
	[[ $cur != *,* ]] || done=${cur%,*},
	COMPREPLY=($(compgen -P "$done" -W "$("${COMP_WORDS[0]}" completion "$1" 2>/dev/null | cut -f1)" -- "${cur##*,}"))
}

_acceptscope() {
	local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} command='' i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset $((i + 1))
			else
				COMPREPLY=($(compgen -c -f -- "$cur"))
			fi
			return
		fi
		case ${COMP_WORDS[i]} in demo|doctor|report|diff|help|schema|completion) command=${COMP_WORDS[i]} ;; esac
	done
	# --option=value comes as three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case $option in
	-p | --port) _acceptscope_list ports; return ;;
	-a | --address) :; return ;;
	--pid) _acceptscope_list pids; return ;;
	--comm) :; return ;;
	--cgroup) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")); return ;;
	--container) _acceptscope_words "ID GLOB"; return ;;
	--by) _acceptscope_words "process thread"; return ;;
	-d | --duration) :; return ;;
	-i | --interval) :; return ;;
	-w | --window) :; return ;;
	-o | --output) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--log) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--html) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--dump-connections) :; return ;;
	--worker-limit) :; return ;;
	--view) _acceptscope_words "auto tui plain none"; return ;;
	--format) _acceptscope_words "text markdown"; return ;;
	--color) _acceptscope_words "auto always never"; return ;;
	--backend) _acceptscope_words "auto fentry kprobe tracepoint"; return ;;
	--max-connections) :; return ;;
	--fail-if) _acceptscope_words "workers workers_idle effective_workers fair_p01 fair_p50 effective_workers_seconds effective_workers_bytes top_share top_share_seconds top_share_bytes active_accepting active_serving connections accepts accepts_per_second open peak_open preexisting never_accepted handed_over lifetime_p50 lifetime_p95 lifetime_max open_age_p50 accept_wait_p50 accept_wait_p95 accept_wait_p99 accept_wait_max queue_depth_max queue_overflows requests requests_per_second active_requests effective_workers_requests effective_workers_busy top_share_requests top_share_busy busy_max in_flight_peak in_flight_peak_worker response_p50 response_p95 response_p99 response_max unread_wait_p50 unread_wait_p95 unread_wait_p99 unread_wait_max"; return ;;
	--pair) :; return ;;
	esac
	case $command,$cur in
	,-*) _acceptscope_words "-p --port -a --address --pid --comm --cgroup --container --by -d --duration -i --interval -w --window -o --output --log --html --dump-connections --worker-limit --redact-peers --view --format --color --no-requests --backend --max-connections -h --help --help-findings -V --version" ;;
	demo,-*) _acceptscope_words "--by -d --duration -i --interval -w --window -o --output --log --html --dump-connections --worker-limit --redact-peers --view --format --color --no-requests --backend --max-connections --pinned --spread --both -h --help --help-findings -V --version" ;;
	doctor,-*) _acceptscope_words "--color --backend --json -h --help --help-findings -V --version" ;;
	report,-*) _acceptscope_words "--html --format --color -h --help --help-findings -V --version" ;;
	diff,-*) _acceptscope_words "--html --format --color --json --fail-if --pair -h --help --help-findings -V --version" ;;
	help,-*) _acceptscope_words "-h --help --help-findings -V --version" ;;
	schema,-*) _acceptscope_words "-h --help --help-findings -V --version" ;;
	completion,-*) _acceptscope_words "-h --help --help-findings -V --version" ;;
	report,*) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
	diff,*) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
	help,*) _acceptscope_words "commands options keys columns findings terms backends exactness figures environment signals status examples limits dump log diff" ;;
	schema,*) _acceptscope_words "dump log diff" ;;
	completion,*) _acceptscope_words "bash zsh fish" ;;
	,*) _acceptscope_words "demo doctor report diff help schema completion" ;;
	esac
}
complete -F _acceptscope acceptscope
