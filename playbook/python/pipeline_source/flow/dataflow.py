"""Puts together what follows values through the project: names, attributes, parameters, calls, configuration.

Demand driven and flow-insensitive where it must be. Each object is given those that it asks, in the order below; the
verbs that call each other in circles go through the evaluator, which is connected last.
"""

from __future__ import annotations

from ..command.arguments import CommandArguments
from ..command.command_parameters import CommandParameters
from ..command.flags import Flags
from ..command.overrides import Overrides
from ..configs.config_roots import ConfigRoots
from ..libraries.file_paths import FilePaths
from ..libraries.hydra_targets import HydraTargets
from ..libraries.ini_parsers import IniParsers
from ..libraries.library_calls import LibraryCalls
from ..libraries.library_methods import LibraryMethods
from ..libraries.numbers import LibraryNumbers
from ..libraries.python_configs import PythonConfigs
from ..libraries.registrations import RegistrationFinder
from ..libraries.registries import Registries
from ..libraries.spdl_calls import SpdlCalls
from ..sources.project import Project
from ..values.made import Made
from ..values.overridden import Overridden
from .attributes import Attributes
from .branches import Branches
from .callers import Callers
from .calls import Calls
from .class_attributes import ClassAttributes
from .classes import Classes
from .code_index import CodeIndex
from .config_leaves import ConfigLeaves
from .evaluator import Evaluator
from .expressions import Expressions
from .frames import Frames
from .instance_attributes import InstanceAttributes
from .instances import Instances
from .laid import LaidOver
from .loop_elements import LoopElements
from .mappings import Mappings
from .method_frames import MethodFrames
from .names import Names
from .parameters import Parameters
from .returns import Returns
from .rounds import Rounds
from .stores import Stores


class Flow:
    """The parts, for those who read pipelines, loops and knobs; its four verbs are the evaluator's."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.made = Made()
        self.overridden = Overridden(set(), set())
        self.index = CodeIndex(project)
        self.configs = ConfigRoots(project)
        self.evaluator = Evaluator(project, self.made)
        self.frames = Frames(self.made, self.evaluator)
        self.branches = Branches(project, self.evaluator)
        self.classes = Classes(project, self.made, self.frames, self.evaluator)
        self.instances = Instances(self.index, self.made, self.frames, self.evaluator, self.classes)
        self.method_frames = MethodFrames(self.made, self.frames, self.classes)
        self.rounds = Rounds(self.made, LoopElements(self.evaluator, self.classes))
        self.flags = Flags(project, self.frames, self.evaluator, self.rounds)
        self.overrides = Overrides(project, self.made, self.overridden, self.flags)
        self.callers = Callers(self.index, self.frames, self.evaluator, self.classes, self.instances)
        self.returns = Returns(self.frames, self.evaluator, self.branches, self.classes)
        self.registries = Registries(project, self.made, self.frames, self.evaluator)
        self.names = self._connect_names()
        self._connect_values()
        self.evaluate, self.number = self.evaluator.evaluate, self.evaluator.number
        self.truth, self.item = self.evaluator.truth, self.evaluator.item
        self._learn()

    def _connect_names(self) -> Names:
        commands = CommandParameters(
            self.project, self.index, self.made, self.frames, self.evaluator, self.configs, self.flags
        )
        parameters = Parameters(self.frames, self.evaluator, self.classes, self.instances, commands, self.callers)
        return Names(self.project, self.made, self.frames, self.evaluator, self.branches, parameters, self.returns)

    def _connect_values(self) -> None:
        project, index, made, frames, evaluator = self.project, self.index, self.made, self.frames, self.evaluator
        stores = Stores(index, self.overridden, frames, evaluator, self.branches)
        overlays = LaidOver(project, index, made, frames, evaluator, self.branches, self.configs)
        python_configs = PythonConfigs(project, index, made, frames, evaluator, self.names, self.overrides)
        file_paths = FilePaths(project, evaluator, self.configs)
        ini_parsers = IniParsers(index, frames, evaluator, file_paths)
        spdl_calls = SpdlCalls(made, evaluator)
        leaves = ConfigLeaves(project, self.overridden, self.overrides, overlays, stores)
        class_attributes = ClassAttributes(made, frames, evaluator, self.classes, self.returns, self.names)
        attributes = Attributes(
            project,
            made,
            self.overridden,
            frames,
            evaluator,
            self.flags,
            self.names,
            overlays,
            leaves,
            CommandArguments(index, made, self.overridden, frames, evaluator, self.flags, stores),
            class_attributes,
            InstanceAttributes(
                index,
                self.overridden,
                evaluator,
                self.branches,
                self.classes,
                self.returns,
                self.names,
                self.method_frames,
                overlays,
                stores,
                class_attributes,
            ),
            file_paths,
        )
        mappings = Mappings(
            project,
            self.overridden,
            frames,
            evaluator,
            self.registries,
            self.names,
            self.overrides,
            overlays,
            python_configs,
            ini_parsers,
            stores,
            leaves,
        )
        calls = Calls(
            project,
            made,
            frames,
            evaluator,
            self.configs,
            self.instances,
            self.returns,
            python_configs,
            spdl_calls,
            LibraryMethods(made, evaluator, self.registries, self.returns, file_paths, ini_parsers),
            LibraryCalls(
                made,
                evaluator,
                self.classes,
                self.instances,
                self.registries,
                self.overrides,
                python_configs,
                LibraryNumbers(project, evaluator),
                file_paths,
                spdl_calls,
                HydraTargets(project, index, made, frames, evaluator, self.names),
            ),
        )
        readers = {**Expressions(project, made, evaluator, self.names, self.rounds).readers(), **calls.readers()}
        evaluator.connect(readers, attributes.attribute, mappings.item, calls.call)

    def _learn(self) -> None:
        """Flags and registries are found by following code; what was followed before they were known is forgotten."""
        self.flags.read()
        self._forget()
        finder = RegistrationFinder(self.project, self.made, self.frames, self.evaluator, self.branches, self.classes)
        self.registries.registrations = finder.find()
        if self.registries.registrations:
            # The second look knows what the first found to be made.
            for _ in range(2):
                self._forget()
                self.instances.built = self.registries.instances_built()
            self._forget()

    def _forget(self) -> None:
        self.evaluator.forget()
        self.callers.forget()
        self.instances.forget()
