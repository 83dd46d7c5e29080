// SPDX-License-Identifier: Apache-2.0
// Mistakes in files that the configuration names, and files that are not there.

extension Mistake {
    private static let none = "No such file or directory"
    private static let remedy = "mosquitto_passwd sets a new one"

    static let files = [
        Mistake(
            "log_dest file %D/none/log",
            1,
            "Error: Unable to open log file %D/none/log for writing: \(none) (log_dest file at %F:1)."
        ),
        Mistake(
            "log_dest file %D/folder",
            1,
            "Error: Unable to open log file %D/folder for writing: Is a directory (log_dest file at %F:1)."
        ),
        Mistake(
            "log_dest file %D/log # my log",
            0,
            "Warning: 'log_dest' has a '#' within its value: a comment stands on a line of its own (%F:1)."
        ),
        Mistake(
            "\npid_file %D/none/pid",
            14,
            "Error: Unable to write pid file %D/none/pid: \(none) (pid_file at %F:2)."
        ),
        Mistake(
            "pid_file %D/folder",
            14,
            "Error: Unable to write pid file %D/folder: Is a directory (pid_file at %F:1)."
        ),
        Mistake(
            "persistence true\npersistence_location %D/none",
            1,
            "Error: Unable to keep state in %D/none: \(none) (persistence_location at %F:2)."
        ),
        Mistake(
            "persistence true\npersistence_location %D/text",
            1,
            "Error: Unable to keep state in %D/text: Not a directory (persistence_location at %F:2)."
        ),
        Mistake(
            "password_file %D/none",
            13,
            "Error: Unable to open pwfile \"%D/none\": \(none) (password_file at %F:1)."
        ),
        Mistake(
            "password_file %D/folder",
            13,
            "Error: Unable to open pwfile \"%D/folder\": Is a directory (password_file at %F:1)."
        ),
        Mistake(
            "password_file %D/link",
            13,
            "Error: Unable to open pwfile \"%D/link\": it is a symbolic link, which is not followed;"
                + " name the file itself, or set MOSQUITTO_UNSAFE_ALLOW_SYMLINKS (password_file at %F:1)."
        ),
        Mistake(
            "password_file %D/pw_plain",
            3,
            "Error: Unable to decode line in password file '%D/pw_plain': line 2, user 'alice':"
                + " the password is not hashed. \(remedy) (password_file at %F:1)."
        ),
        Mistake(
            "password_file %D/pw_hash",
            3,
            "Error: Unable to decode line in password file '%D/pw_hash': line 1, user 'alice':"
                + " the hash is broken. \(remedy) (password_file at %F:1)."
        ),
        Mistake(
            "password_file %D/pw_kind",
            3,
            "Error: Unable to decode line in password file '%D/pw_kind': line 1, user 'alice':"
                + " no hash begins with $9$. \(remedy) (password_file at %F:1)."
        ),
        Mistake(
            "password_file %D/pw_empty",
            3,
            "Error: Unable to decode line in password file '%D/pw_empty': line 1, user 'bob':"
                + " the password is empty. \(remedy) (password_file at %F:1)."
        ),
        Mistake(
            "password_file %D/pw_twice",
            3,
            "Error: Duplicate user 'bob' in password file '%D/pw_twice': line 2 (password_file at %F:1)."
        ),
        Mistake(
            "acl_file %D/acl_word",
            3,
            "Error: Invalid line in acl_file \"%D/acl_word\": line 2: topc."
                + " A line begins with user, topic or pattern (acl_file at %F:1)."
        ),
        Mistake(
            "acl_file %D/acl_access",
            3,
            "Error: Invalid topic access type \"raed\" in acl_file \"%D/acl_access\": line 2."
                + " It is read, write, readwrite or deny (acl_file at %F:1)."
        ),
        Mistake(
            "acl_file %D/acl_filter",
            3,
            "Error: Invalid ACL topic \"a/#/b\" in acl_file \"%D/acl_filter\": line 3."
                + " '#' ends a filter, and '+' or '#' fills a level (acl_file at %F:1)."
        ),
        Mistake(
            "acl_file %D/acl_user",
            3,
            "Error: Missing username in acl_file \"%D/acl_user\": line 1 (acl_file at %F:1)."
        ),
        Mistake(
            "acl_file %D/none",
            13,
            "Error: Unable to open acl_file \"%D/none\": \(none) (acl_file at %F:1)."
        ),
        Mistake(
            "per_listener_settings true\nlistener 1883\nacl_file %D/none\npassword_file %D/none",
            13,
            "Error: Unable to open pwfile \"%D/none\": \(none) (password_file at %F:4).",
            "Error: Unable to open acl_file \"%D/none\": \(none) (acl_file at %F:3)."
        ),
    ]
}
