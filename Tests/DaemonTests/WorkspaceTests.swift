import Foundation
import Testing

/// A workspace takes the place of the last one whole, and whoever applies it is told what is no more.
struct WorkspaceTests {
    @Test(
        "applying a workspace tells which keys of the last one are no more, what forbids every message, and no fault twice"
    )
    func replaced() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        func apply(_ workspace: String, _ more: String...) throws -> DaemonProcess.Output {
            let file = daemon.folder.appending(path: "workspace.yaml")
            try Data("workspace: \(workspace)\n".utf8).write(to: file)
            return try DaemonProcess.run(["apply", file.path, "--socket", daemon.socket] + more)
        }
        let first = "{time_zone: Europe/Paris, quiet_hours: {from: '22:00', to: '06:00'}, control_group: {percent: 5}}"
        #expect(try apply(first).out == "workspace: applied\n")
        #expect(try apply(first).out == "workspace: unchanged\n")
        let second = try apply("{control_group: {percent: 0}}")
        #expect(second.out == "workspace: applied; no more: time_zone, quiet_hours\n")
        let third = try apply("{frequency_caps: [{at_most: 1, per: 1d}, {at_most: 0, channel: push, per: 1d}]}")
        #expect(third.out.contains("no more: control_group"), "\(third.out)")
        let warning = "  warning: workspace.frequency_caps[1].at_most: no campaign sends anything by push [rule 10.2]\n"
        #expect(third.out.hasSuffix(warning), "\(third.out)")
        let last = try apply("{}", "--json")
        #expect(last.out == #"{"workspace": "applied", "gone": ["frequency_caps"]}"# + "\n", "\(last.out)")
        let both = try apply("{control_group: {percent: 5, users: [a]}}")
        #expect(both.status == 1 && both.err.contains("takes `percent` or `users`, not both"), "\(both.err)")
        #expect(try apply("{control_group: {}}").err.contains("needs `percent` or `users`"))
    }
}
