// SPDX-License-Identifier: Apache-2.0
// The broker's entry point.

import Glibc
import PluginHost

// A process that the broker starts to run a plugin in it.
if CommandLine.arguments.dropFirst().first == PluginHelper.option {
    exit(PluginHelper.run(CommandLine.arguments.dropFirst(2)))
}
exit(BrokerProcess.main(arguments: CommandLine.arguments))
