import Core
import Engine
import Patterns
import RPC
import Schema

/// Reads what an ApplyRequest holds, and gathers everything that is wrong with it.
struct ApplyReading {
    let readFile: ReadCampaignFile
    private var read = CampaignSet()
    private var problems: [CampaignProblem] = []
    /// What the filters of its messages may still take; each file has its own.
    private var allowance = FilterAllowance(patterns: RE2.pattern)

    init(readFile: @escaping ReadCampaignFile) {
        self.readFile = readFile
    }

    mutating func add(_ message: UnsafePointer<Triggerd__V1__Campaign>) {
        do throws(CampaignProblem) {
            allowance.beginCampaign()
            read.campaigns.append(try Campaign(message, filters: &allowance))
        } catch {
            problems.append(error)
        }
    }

    mutating func add(workspace message: UnsafePointer<Triggerd__V1__Workspace>) {
        do throws(CampaignProblem) {
            read.workspace = try Workspace(message)
        } catch {
            problems.append(error)
        }
    }

    mutating func add(file: Triggerd__V1__CampaignFile) {
        let name = String(cString: file.name)
        switch readFile(name, String(cString: file.text)) {
        case .success(let set):
            if !read.add(set) {
                problems.append(
                    CampaignProblem(field: "workspace", "another file of this request has one, too", file: name)
                )
            }
        case .failure(let found): problems += found.all
        }
    }

    /// Throws where anything is wrong.
    func set(most: Int) throws(Status) -> CampaignSet {
        guard problems.isEmpty else { throw Refusal.invalidCampaigns(problems).status }
        guard !read.isEmpty else { throw .invalid("campaigns", "there are none, and no workspace") }
        guard read.campaigns.count <= most else {
            throw .invalid("campaigns", "\(read.campaigns.count) are more than the \(most) that one request may hold")
        }
        return read
    }
}
